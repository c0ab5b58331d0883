// Pictures in TFRecord files: what is read, and what is said about damaged ones.
#include "data/crc32c.hpp"
#include "data/data_files.hpp"
#include "data/tfrecord_files.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

using test::bytes_feature;
using test::error_of;
using test::example;
using test::feature;
using test::field;
using test::floats_feature;
using test::integers_feature;
using test::little_endian;
using test::open_source;
using test::packed_feature;
using test::plain_feature;
using test::png;
using test::record;
using test::TempDir;
using test::varint;
using test::with_crc;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
    return error_of([&] { source(more)->open("train"); });
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
  EXPECT_THAT(error_of([&] { source(", label_offset: 2")->open("train"); }),
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

// Three objects with three coordinates each, and their kinds.
std::string scene(const std::vector<float>& coordinates, const std::vector<int64_t>& kinds) {
  return example(bytes_feature("image", png(1, 1, 1)) + floats_feature("at", coordinates) +
                 integers_feature("kind", kinds));
}

TEST_F(TfRecordTest, MakesLabelsByRules) {
  const auto labels = [&](const std::string& rule) {
    const auto train = source(", label: " + rule)->open("train");
    std::vector<int64_t> found;
    for (int64_t i = 0; i < train->size(); ++i) found.push_back(train->label(i));
    return found;
  };
  write_file(dir_ / "a.tfrecord", scene({1, 2, 8.5F, 1, 2, 9, 1, 2, 30}, {2, 0, 3}) +
                                      scene({0, 0, 99}, {3}) + scene({}, {}));
  EXPECT_THAT(labels("{name: count, feature: kind}"), ElementsAre(3, 1, 0));
  const std::string nearest = "{name: nearest, feature: at, columns: 3, column: 2, limit: 1000";
  // Above 0, not above 8.5: the class of an edge is the one below it.
  EXPECT_THAT(labels(nearest + ", edges: [0, 8, 8.5, 9, 500]}"), ElementsAre(1, 3, 4));
  EXPECT_THAT(labels(nearest + ", edges: [0, 8, 8.5, 9, 500], kinds: kind, kinds_below: 2}"),
              ElementsAre(2, 4, 4));
  EXPECT_THAT(labels(nearest + ", edges: [0, 8, 8.5, 9, 500], kinds: kind, kinds_below: 3}"),
              ElementsAre(1, 4, 4));
  write_file(dir_ / "a.tfrecord",
             example(bytes_feature("image", png(1, 1, 1)) + integers_feature("label", {39})) +
                 example(bytes_feature("image", png(1, 1, 1)) + plain_feature("label", 2)) +
                 example(bytes_feature("image", png(1, 1, 1)) + plain_feature("label", 3)));
  EXPECT_THAT(labels("{name: bins, values: 40, bins: 16}"), ElementsAre(15, 0, 1));
}

TEST_F(TfRecordTest, SaysWhyARuleGivesNoLabel) {
  const std::string data = scene({1, 2, -3}, {7});
  EXPECT_THAT(refusal(data, ", label: {name: count, feature: objects}"),
              AllOf(HasSubstr("no feature to make its label from"), HasSubstr("objects"),
                    HasSubstr("found       image, at, kind"), HasSubstr("data.label")));
  EXPECT_THAT(refusal(data, ", label: {name: count, feature: kind, offset: 3}"),
              AllOf(HasSubstr("record at byte"), HasSubstr("x.tfrecord' gives no label: "),
                    HasSubstr("1 values, less than data.label.offset (3)")));
  EXPECT_THAT(refusal(data, ", label: {name: nearest, feature: at, columns: 2, edges: [0]}"),
              HasSubstr("3 values, which are not 2 for each object"));
  EXPECT_THAT(
      refusal(data, ", label: {name: nearest, feature: at, columns: 3, column: 2, edges: [0]}"),
      HasSubstr("-3 of the feature at is not above the first of the edges (0)"));
  EXPECT_THAT(refusal(data,
                      ", label: {name: nearest, feature: at, columns: 3, edges: [0], kinds: "
                      "kind, kinds_below: 3}"),
              AllOf(HasSubstr("has no object"), HasSubstr("data.label.limit")));
  EXPECT_THAT(refusal(picture(1, 9), ", label: {name: bins, values: 8, bins: 2}"),
              HasSubstr("the label 9 is none of the 8"));
  const std::string torn =
      example(bytes_feature("image", png(1, 1, 1)) + feature("at", field(2, field(1, "12345"))));
  EXPECT_THAT(refusal(torn, ", label: {name: nearest, feature: at, edges: [0]}"),
              AllOf(HasSubstr("damaged"), HasSubstr("ends within one")));
}

// CLEVR's test split has no objects, that of the retinopathy samples the label -1.
TEST_F(TfRecordTest, SplitsWithoutLabelsLeaveTheOthersAlone) {
  write_file(dir_ / "train.tfrecord", picture(10, 1));
  write_file(dir_ / "test.tfrecord", picture(11, -1) + picture(12, 7));
  const auto data = source();
  EXPECT_THAT(data->splits(), ElementsAre("train", "test"));
  EXPECT_EQ(data->open("train")->size(), 1);
  EXPECT_THAT(error_of([&] { data->open("test"); }),
              AllOf(HasSubstr("test.tfrecord"), HasSubstr("has the label -1")));
}

TEST_F(TfRecordTest, ScalesPixels) {
  write_file(dir_ / "a.tfrecord", picture(1, 0) + picture(3, 0));
  const auto train = source(", pixel_scale: 100")->open("train");
  EXPECT_THAT(train->image(0).pixels, ElementsAre(100, 0, 0));
  EXPECT_THAT(train->image(1).pixels, ElementsAre(255, 0, 0));
}

// TensorFlow Datasets calls a split what it likes, and means by a slice the records as they lie.
TEST_F(TfRecordTest, ReadsTensorFlowDatasets) {
  for (const char* split : {"extra", "test", "train"}) {
    write_file(dir_ / (std::string("svhn-") + split + ".tfrecord-00000-of-00002"),
               picture(10, 1) + picture(11, 0));
    write_file(dir_ / (std::string("svhn-") + split + ".tfrecord-00001-of-00002"), picture(12, 2));
  }
  EXPECT_THAT(source()->splits(), ElementsAre("train", "test"));
  EXPECT_TRUE(source()->sorted_by_class());
  write_file(dir_ / "dataset_info.json", "{}");
  const auto theirs = source();
  EXPECT_THAT(theirs->splits(), ElementsAre("train", "test", "extra"));
  EXPECT_EQ(theirs->open("train")->size(), 3);
  EXPECT_FALSE(theirs->sorted_by_class());
  const auto slice = open_split(*theirs, "extra[1:]");
  EXPECT_EQ(slice->image(0).pixels.at(0), 11);
  EXPECT_EQ(slice->image(1).pixels.at(0), 12);
}

// A slice of a set of which a part is missing is another slice.
TEST_F(TfRecordTest, RefusesASetThatIsNotWhole) {
  const auto problem = [&] {
    try {
      source();
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  const fs::path first = dir_ / "k-test.tfrecord-00000-of-00002";
  const fs::path second = dir_ / "k-test.tfrecord-00001-of-00002";
  write_file(first, picture(1, 0) + picture(2, 1));
  EXPECT_EQ(problem(), "none") << "of a set of one's own a part may be all that is wanted";
  write_file(dir_ / "dataset_info.json", "{}");
  EXPECT_THAT(problem(), HasSubstr("'k-test.tfrecord-00001-of-00002' is not in"));
  write_file(second, picture(3, 0));
  EXPECT_EQ(problem(), "none");
  write_file(dir_ / "dataset_info.json",
             R"({"splits": [{"name": "test", "shardLengths": ["2", "1"]}, {"name": "train"}]})");
  EXPECT_EQ(problem(), "none");
  write_file(second, "");
  EXPECT_THAT(problem(), HasSubstr("split 'test' of"));
  EXPECT_THAT(problem(), HasSubstr("has 2 records, but by dataset_info.json it has 3"));
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
