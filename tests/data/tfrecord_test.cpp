// Pictures in TFRecord files: what is read, and what is said about damaged ones.
#include "data/crc32c.hpp"
#include "data/data_files.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

using test::error_of;
using test::open_source;
using test::png;
using test::TempDir;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string little_endian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string with_crc(const std::string& bytes) {
  return bytes + little_endian(detail::masked_crc(detail::crc32c(bytes)), 4);
}

std::string record(const std::string& data) {
  return with_crc(little_endian(data.size(), 8)) + with_crc(data);
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}

std::string field(int number, const std::string& bytes) {
  return varint(static_cast<uint64_t>(number) << 3 | 2) + varint(bytes.size()) + bytes;
}

std::string feature(const std::string& key, const std::string& value) {
  return field(1, field(1, key) + field(2, value));
}
std::string bytes_feature(const std::string& key, const std::string& bytes) {
  return feature(key, field(1, field(1, bytes)));
}
std::string packed_feature(const std::string& key, int64_t value) {
  return feature(key, field(3, field(1, varint(static_cast<uint64_t>(value)))));
}
std::string plain_feature(const std::string& key, int64_t value) {
  return feature(key, field(3, varint(1 << 3) + varint(static_cast<uint64_t>(value))));
}
std::string example(const std::string& features) { return record(field(1, features)); }

std::string picture(uint8_t red, int64_t label) {
  return example(feature("image/float", field(2, field(1, "1234"))) +
                 bytes_feature("image/encoded", png(1, 1, red)) +
                 packed_feature("image/class/label", label) +
                 bytes_feature("image/filename", "n" + std::to_string(red) + ".JPEG"));
}

class TfRecordTest : public ::testing::Test {
 protected:
  std::unique_ptr<DataSource> source(const std::string& more = "") {
    return open_source("tfrecord", dir_.path(), more);
  }
  std::string refusal(const std::string& bytes, const std::string& more = "") {
    write_file(dir_ / "x.tfrecord", bytes);
    return error_of([&] { source(more); });
  }
  TempDir dir_;
};

TEST(Crc32c, EqualsTheReference) {
  EXPECT_EQ(detail::crc32c("123456789"), 0xe3069283u);  // RFC 3720's polynomial, its check value
  EXPECT_EQ(detail::crc32c_by_table("123456789"), 0xe3069283u);
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * i / 3);
  for (size_t n = 0; n < 70; ++n) {
    const std::string_view some = std::string_view(bytes).substr(n, 13 * n);
    EXPECT_EQ(detail::crc32c(some), detail::crc32c_by_table(some));
  }
}

TEST_F(TfRecordTest, ReadsShardsOfExamples) {
  write_file(dir_ / "train-00000-of-00002", picture(10, 1) + picture(11, 3));
  write_file(dir_ / "train-00001-of-00002", picture(12, 2));
  write_file(dir_ / "validation-00000-of-00001", picture(13, 1));
  EXPECT_EQ(recognise_data(dir_.path()), "tfrecord");
  EXPECT_EQ(recognise_data(dir_ / "train-00001-of-00002"), "tfrecord");
  const auto shards = source(", label_offset: 1");
  EXPECT_THAT(shards->splits(), ElementsAre("train", "val"));
  EXPECT_THAT(shards->info().classes, ElementsAre("0", "1", "2"));
  const auto train = shards->open("train");
  ASSERT_EQ(train->size(), 3);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(train->image(i).pixels.at(0), 10 + i);
  EXPECT_EQ(train->label(0), 0);
  EXPECT_EQ(train->label(1), 2);
  EXPECT_EQ(train->name(2), "train-00001-of-00002/n12.JPEG");
  EXPECT_EQ(shards->open("val")->label(0), 0);
  EXPECT_THAT(error_of([&] { source(", label_offset: 2"); }),
              AllOf(HasSubstr("has the label 1"), HasSubstr("data.label_offset (2)")));
}

TEST_F(TfRecordTest, TakesOtherKeysAndNamesAsLabels) {
  write_file(dir_ / "a.tfrecord",
             example(bytes_feature("image", png(1, 1, 5)) + plain_feature("label", 4)) +
                 example(plain_feature("label", 2) + bytes_feature("image", png(1, 1, 6))));
  const auto plain = source()->open("train");
  EXPECT_EQ(plain->label(0), 4);
  EXPECT_EQ(plain->label(1), 2);
  EXPECT_EQ(plain->name(1), "a.tfrecord/1");
  write_file(dir_ / "a.tfrecord",
             example(bytes_feature("jpg", png(1, 1, 5)) + bytes_feature("label", "dog")) +
                 example(bytes_feature("jpg", png(1, 1, 6)) + bytes_feature("label", "cat")));
  EXPECT_THAT(error_of([&] { source(); }),
              AllOf(HasSubstr("has no picture"), HasSubstr("image/encoded, image"),
                    HasSubstr("found       jpg, label"), HasSubstr("data.image_keys")));
  const auto named = source(", image_keys: [jpg]");
  EXPECT_THAT(named->info().classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(named->open("train")->label(0), 1);
}

TEST_F(TfRecordTest, RefusesDamage) {
  const std::string good = picture(1, 1);
  std::string bad = good;
  bad[2] ^= 1;
  EXPECT_THAT(refusal(bad), HasSubstr("does not begin with a TFRecord"));
  EXPECT_THAT(refusal(good + bad), AllOf(HasSubstr("x.tfrecord' is damaged at byte"),
                                         HasSubstr("length of a record has a wrong checksum")));
  EXPECT_THAT(refusal(good.substr(0, good.size() - 1)), HasSubstr("but the file ends after"));
  EXPECT_THAT(refusal(good + good.substr(0, 5)), HasSubstr("ends within the length"));
  EXPECT_THAT(refusal(with_crc(little_endian(~uint64_t{0}, 8)) + std::string(100, 'x')),
              HasSubstr("a record of 18446744073709551615 bytes"));
  EXPECT_THAT(refusal(record(varint(1 << 3 | 2) + varint(uint64_t{1} << 63) + "x")),
              HasSubstr("a field of 9223372036854775808 bytes, where 1 are left"));
  EXPECT_THAT(refusal(record("\x0b")), HasSubstr("no tf.train.Example"));
  EXPECT_THAT(refusal(record(std::string(12, '\xff'))), HasSubstr("does not end"));
  EXPECT_THAT(refusal(""), HasSubstr("no records"));
  EXPECT_THAT(refusal(example(bytes_feature("image", "x"))), HasSubstr("has no label"));

  bad = good;
  bad[bad.find("1234")] ^= 1;  // in the float: what is used of the record is whole
  write_file(dir_ / "x.tfrecord", bad);
  const auto train = source()->open("train");
  try {
    train->picture(0);
    FAIL() << "a wrong checksum was accepted";
  } catch (const UnreadablePicture& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("n1.JPEG"), HasSubstr("wrong checksum")));
  }
}

}  // namespace
}  // namespace vit
