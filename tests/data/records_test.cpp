// Packing and reading back.
#include "vit/data/pack.hpp"

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
using ::testing::HasSubstr;

class RecordsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 7; ++i) {
      const std::string name = (i < 4 ? "train/cat/" : "train/dog/") + std::to_string(i) + ".png";
      write_file(dir_ / "in" / name, png(40 + i, 60, static_cast<uint8_t>(30 * i)));
    }
    write_file(dir_ / "in/val/dog/v.png", png(8, 8, 200));
    request_.config.data =
        test::data_section("{name: folder, root: '" + (dir_ / "in").string() + "'}");
    request_.out = dir_ / "out";
    request_.per_shard = 3;
    request_.threads = 2;
  }
  std::unique_ptr<DataSource> packed() { return open_source("records", dir_ / "out"); }

  TempDir dir_;
  PackRequest request_;
};

TEST_F(RecordsTest, ReadsBackWhatWasPacked) {
  const PackResult result = pack(request_);
  EXPECT_EQ(result.shards_written, 4);
  EXPECT_EQ(result.examples, 8);
  EXPECT_EQ(recognise_data(dir_ / "out"), "records");
  const auto before = open_source("folder", dir_ / "in"), after = packed();
  EXPECT_EQ(after->splits(), before->splits());
  EXPECT_EQ(after->info().classes, before->info().classes);
  EXPECT_EQ(after->sorted_by_class(), before->sorted_by_class());
  for (const std::string split : {"train", "val"}) {
    const auto a = before->open(split), b = after->open(split);
    ASSERT_EQ(a->size(), b->size());
    for (int64_t i = 0; i < a->size(); ++i) {
      EXPECT_EQ(a->name(i), b->name(i));
      EXPECT_EQ(a->label(i), b->label(i));
      EXPECT_EQ(a->picture(i).bytes, b->picture(i).bytes);
    }
  }
}

TEST_F(RecordsTest, MakesPicturesSmaller) {
  request_.resize = 20;
  pack(request_);
  const Picture small = packed()->open("train")->picture(0);
  EXPECT_TRUE(small.bytes.starts_with("\xff\xd8"));
  EXPECT_EQ(decode(small).extent(), (Extent{20, 30}));
  EXPECT_TRUE(packed()->open("val")->picture(0).bytes.starts_with("\x89PNG"));  // small enough
  request_.resize = 0;
  request_.raw = 20;
  request_.out = dir_ / "raw";
  pack(request_);
  const auto raw = open_source("records", dir_ / "raw")->open("train");
  EXPECT_FALSE(raw->picture(6).is_encoded());
  const Image image = raw->image(6);
  EXPECT_EQ(image.height, 20);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels.at(0), 180);
}

TEST_F(RecordsTest, KeepsPlainPixelsOfOtherSources) {
  request_.config.data =
      test::data_section("{name: synthetic, channels: 1, train_examples: 5, val_examples: 0}");
  pack(request_);
  const auto before = request_.config.data.build();
  const auto after = packed();
  EXPECT_EQ(after->info().channels, 1);
  EXPECT_FALSE(after->sorted_by_class());
  for (int64_t i = 0; i < 5; ++i)
    EXPECT_EQ(before->open("train")->image(i), after->open("train")->image(i));
}

TEST_F(RecordsTest, GoesOnWhereItStopped) {
  static int asked = 0;
  asked = 0;
  EXPECT_THAT(error_of<Error>([&] {
                pack(request_, [] { return ++asked > 2 ? ExitCode::kStopped : ExitCode::kDone; });
              }),
              HasSubstr("stopped after 6 of 8"));
  EXPECT_THAT(error_of([&] { packed()->open("train"); }),
              AllOf(HasSubstr("train-00002.vitrec' is missing"), HasSubstr("run vit-pack again")));
  for (const auto& entry : fs::directory_iterator(dir_ / "out"))
    EXPECT_NE(entry.path().extension(), ".part");
  const PackResult result = pack(request_);
  EXPECT_EQ(result.shards_kept, 2);
  EXPECT_EQ(result.shards_written, 2);
  EXPECT_EQ(packed()->open("train")->size(), 7);
  request_.resize = 10;
  EXPECT_THAT(error_of([&] { pack(request_); }), HasSubstr("records of other data or options"));
}

TEST_F(RecordsTest, PacksWhatTrainingUses) {
  write_file(dir_ / "out.txt", "train/cat/0.png\ntrain/dog/5.png\n");
  request_.config.data.common().exclude = dir_ / "out.txt";
  request_.config.data.common().count = 4;
  EXPECT_EQ(pack(request_).examples, 4 + 1);
  const auto source = request_.config.data.build();
  const auto wanted = open_training_split(*source, "train", request_.config.data.common());
  const auto train = packed()->open("train");
  ASSERT_EQ(train->size(), 4);
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(train->name(i), wanted->name(i));
  EXPECT_EQ(pack(request_).shards_written, 0);
  write_file(dir_ / "out.txt", "train/cat/1.png\n");
  EXPECT_THAT(error_of([&] { pack(request_); }), HasSubstr("records of other data or options"));
}

TEST_F(RecordsTest, FailsOnBadPicturesOrLeavesThemOut) {
  request_.resize = 20;
  write_file(dir_ / "in/train/cat/1.png", "no picture");
  EXPECT_THAT(error_of([&] { pack(request_); }), HasSubstr("train/cat/1.png' cannot be read"));
  request_.config.data.common().on_error = OnError::kSkip;
  request_.out = dir_ / "skipped";
  const PackResult result = pack(request_);
  EXPECT_EQ(result.left_out, 1);
  EXPECT_EQ(open_source("records", dir_ / "skipped")->open("train")->size(), 6);
}

TEST_F(RecordsTest, RefusesWhatMakesNoSense) {
  request_.resize = request_.raw = 5;
  EXPECT_THAT(error_of<ConfigError>([&] { pack(request_); }), HasSubstr("choose one"));
  request_.raw = 0;
  request_.quality = 0;
  EXPECT_THAT(error_of<ConfigError>([&] { pack(request_); }), HasSubstr("--quality"));
  request_.quality = 90;
  request_.resize = 0;
  const auto refusal = [&](const std::string& data) {
    request_.config.data = test::data_section(data);
    return error_of<ConfigError>([&] { pack(request_); });
  };
  EXPECT_THAT(refusal("{name: synthetic, train: 'train[:5]'}"), HasSubstr("--split"));
  EXPECT_THAT(refusal("{name: synthetic, cache: ram}"), HasSubstr("data.cache"));
  EXPECT_THAT(refusal("{name: mixture, sources: [{weight: 1, data: synthetic}, "
                      "{weight: 2, data: {name: synthetic, seed: 1}}]}"),
              HasSubstr("pack its sources"));
  EXPECT_THAT(error_of([&] { open_source("records", dir_ / "in"); }), HasSubstr("records.json"));
  write_file(dir_ / "other/records.json", "[1]");
  EXPECT_THAT(error_of([&] { open_source("records", dir_ / "other"); }),
              HasSubstr("not of the format"));
}

TEST_F(RecordsTest, TellsDamage) {
  pack(request_);
  const fs::path shard = dir_ / "out/train-00000.vitrec";
  std::string bytes = read_text(shard);
  const std::string whole = bytes;
  bytes[70] ^= 1;  // in the first picture
  write_file(shard, bytes);
  const auto train = packed()->open("train");
  EXPECT_THAT(error_of<UnreadablePicture>([&] { train->picture(0); }),
              AllOf(HasSubstr("train-00000.vitrec/train/cat/0.png"), HasSubstr("wrong checksum")));
  EXPECT_NO_THROW(train->picture(1));
  write_file(shard, whole.substr(0, 100));
  EXPECT_THAT(error_of([&] { packed()->open("train"); }), HasSubstr("is damaged"));
  EXPECT_EQ(pack(request_).shards_written, 1);  // made again
  EXPECT_EQ(read_text(shard), whole);
}

}  // namespace
}  // namespace vit
