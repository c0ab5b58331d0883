// Copies of pictures are found, and only they.
#include "vit/data/dedup.hpp"

#include "vit/data/resample.hpp"

#include "data/data_files.hpp"
#include "data/scene.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

using test::error_of;
using test::scene;
using test::TempDir;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kScenes = 12;

class DedupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (uint64_t i = 0; i < kScenes; ++i) {
      write("train", "scene" + std::to_string(10 + i), encode_png(scene(i)));
      write("test", "other" + std::to_string(10 + i), encode_png(scene(100 + i)));
    }
    use("data", "train");
    use("test", "test");
    request_.threads = 2;
  }
  void write(const std::string& folder, const std::string& name, const std::string& bytes) {
    write_file(dir_ / folder / "one" / name, bytes);
    if (name.find('.') == std::string::npos)
      fs::rename(dir_ / folder / "one" / name, dir_ / folder / "one" / (name + ".png"));
  }
  void use(const std::string& section, const std::string& folder, const std::string& more = "") {
    DataSection data =
        test::data_section("{name: folder, root: '" + (dir_ / folder).string() + "'" + more + "}");
    section == "data" ? void(request_.config.data = data) : void(request_.config.test = data);
  }
  std::vector<std::string> names_of(const DedupResult& result) const {
    std::vector<std::string> names;
    for (const Duplicate& duplicate : result.duplicates) names.push_back(duplicate.name);
    return names;
  }

  TempDir dir_;
  DedupRequest request_;
};

TEST_F(DedupTest, FindsNothingAmongOtherPictures) {
  const DedupResult result = find_duplicates(request_);
  EXPECT_THAT(result.duplicates, IsEmpty());
  EXPECT_EQ(result.pictures, kScenes);
  EXPECT_EQ(result.test_pictures, kScenes);
  EXPECT_EQ(result.unreadable, 0);
}

TEST_F(DedupTest, FindsEqualBytesAndEqualPixels) {
  write("test", "same.png", encode_png(scene(3)));
  const std::string jpeg = encode_jpeg(scene(50), 95);
  write("test", "photo.jpg", jpeg);
  write("train", "z.png", encode_png(decode_image(jpeg, "photo.jpg")));  // in another container
  const DedupResult result = find_duplicates(request_);
  ASSERT_THAT(names_of(result), ElementsAre("one/scene13.png", "one/z.png"));
  EXPECT_EQ(result.duplicates[0].original, "one/same.png");
  EXPECT_TRUE(result.duplicates[0].is_exact);
  EXPECT_EQ(result.duplicates[0].distance, 0);
  EXPECT_EQ(result.duplicates[0].similarity, 1);
  EXPECT_EQ(result.duplicates[1].original, "one/photo.jpg");
  EXPECT_TRUE(result.duplicates[1].is_exact);
}

TEST_F(DedupTest, FindsChangedCopies) {
  Image mirror = scene(4);
  flip_horizontally(mirror);
  write("test", "a_recompressed.jpg", encode_jpeg(scene(0), 30));
  write("test", "b_resized.png", encode_png(resize(scene(1), {60, 80}, Interpolation::kBilinear)));
  write("test", "c_brighter.png", encode_png(test::brighter(scene(2), 1.15)));
  write("test", "d_trimmed.png", encode_png(crop(scene(3), {1, 2, 94, 125})));
  write("test", "e_mirrored.png", encode_png(mirror));
  DedupResult result = find_duplicates(request_);
  ASSERT_THAT(names_of(result), ElementsAre("one/scene10.png", "one/scene11.png", "one/scene12.png",
                                            "one/scene13.png", "one/scene14.png"));
  for (const Duplicate& duplicate : result.duplicates) {
    EXPECT_FALSE(duplicate.is_exact);
    EXPECT_EQ(duplicate.is_mirrored, duplicate.original == "one/e_mirrored.png");
    EXPECT_LT(duplicate.similarity, 1);
  }
  request_.mirrored = false;
  EXPECT_EQ(find_duplicates(request_).duplicates.size(), 4U);
  request_.similarity = 0.9999;
  EXPECT_LT(find_duplicates(request_).duplicates.size(), 4U);
}

TEST_F(DedupTest, NamesTheClosestOriginal) {
  write("test", "a_poor.jpg", encode_jpeg(scene(0), 10));
  write("test", "b_same.png", encode_png(scene(0)));
  write("test", "c_same.png", encode_png(scene(0)));
  const DedupResult result = find_duplicates(request_);
  ASSERT_EQ(result.duplicates.size(), 1U);
  EXPECT_EQ(result.duplicates[0].original, "one/b_same.png");
  EXPECT_TRUE(result.duplicates[0].is_exact);
}

TEST_F(DedupTest, KeepsTheFirstOfEachGroupWithinASet) {
  write("train", "x.png", encode_png(scene(0)));
  write("train", "y.jpg", encode_jpeg(scene(0), 40));
  request_.config.test.reset();
  request_.within = true;
  const DedupResult result = find_duplicates(request_);
  ASSERT_THAT(names_of(result), ElementsAre("one/x.png", "one/y.jpg"));
  EXPECT_TRUE(result.duplicates[0].is_exact);
  EXPECT_EQ(result.duplicates[0].original, "one/scene10.png");
  EXPECT_FALSE(result.duplicates[1].is_exact);
  EXPECT_EQ(result.pictures, kScenes + 2);
  EXPECT_EQ(result.test_pictures, kScenes);
  request_.test_splits = {"val"};
  EXPECT_THAT(error_of<ConfigError>([&] { find_duplicates(request_); }), HasSubstr("--within"));
}

TEST_F(DedupTest, ComparesTheSplitsOfOneSource) {
  for (const char* split : {"train", "val", "test"}) {
    write(std::string("d/") + split, "own.png", encode_png(scene(split[0])));
    write(std::string("d/") + split, "shared.png", encode_png(scene(7)));
  }
  use("data", "d");
  request_.config.test.reset();
  DedupResult result = find_duplicates(request_);
  ASSERT_THAT(names_of(result), ElementsAre("train/one/shared.png"));
  EXPECT_EQ(result.duplicates[0].original, "val/one/shared.png");
  EXPECT_EQ(result.test_pictures, 4);
  use("test", "d");  // the same path twice
  request_.test_splits = {"test"};
  result = find_duplicates(request_);
  ASSERT_EQ(result.duplicates.size(), 1U);
  EXPECT_EQ(result.duplicates[0].original, "test/one/shared.png");
  EXPECT_EQ(result.test_pictures, 2);
  request_.test_splits = {"train"};
  EXPECT_THAT(error_of<ConfigError>([&] { find_duplicates(request_); }),
              AllOf(HasSubstr("both sides are the split 'train'"), HasSubstr("--within")));
}

// A source with training pictures only is divided as a run would divide it.
TEST_F(DedupTest, DividesAnUndividedSource) {
  for (uint64_t i = 0; i < 8; ++i)
    write("train", "copy" + std::to_string(i) + ".png", encode_png(scene(0)));
  request_.config.test.reset();
  const DedupResult result = find_duplicates(request_);
  EXPECT_EQ(result.pictures, 18);
  EXPECT_EQ(result.test_pictures, 2);
  request_.split = "train[:50%]";
  request_.test_splits = {"train[50%:]"};
  const DedupResult halves = find_duplicates(request_);
  EXPECT_EQ(halves.pictures, 10);
  EXPECT_EQ(halves.test_pictures, 10);
  EXPECT_THAT(names_of(halves),
              ::testing::Each(AllOf(HasSubstr("one/"),
                                    ::testing::AnyOf(HasSubstr("copy"), HasSubstr("scene10")))));
}

TEST_F(DedupTest, NamesUnreadablePicturesOrPassesOverThem) {
  write("train", "a_broken.png", "no picture");
  write("test", "same.png", encode_png(scene(3)));
  EXPECT_THAT(error_of<UnreadablePicture>([&] { find_duplicates(request_); }),
              AllOf(HasSubstr("a_broken.png"), HasSubstr("with data.on_error: skip")));
  use("data", "train", ", on_error: skip");
  const DedupResult result = find_duplicates(request_);
  EXPECT_EQ(result.unreadable, 1);
  EXPECT_EQ(result.pictures, kScenes);
  EXPECT_THAT(names_of(result), ElementsAre("one/scene13.png"));
  write("test", "b_broken.png", "no picture");
  EXPECT_THAT(error_of<UnreadablePicture>([&] { find_duplicates(request_); }),
              AllOf(HasSubstr("b_broken.png"), HasSubstr("with test.on_error: skip")));
}

TEST_F(DedupTest, ComparesSetsOfPlainPixels) {
  request_.config.data = test::data_section("{name: synthetic, channels: 1, val_examples: 4}");
  request_.config.test.reset();
  const DedupResult result = find_duplicates(request_);
  EXPECT_EQ(result.test_pictures, 4);
  request_.config.test = test::data_section("{name: synthetic, channels: 1, val_examples: 0}");
  request_.test_splits = {"val"};
  EXPECT_THAT(error_of([&] { find_duplicates(request_); }), HasSubstr("has no pictures"));
}

TEST_F(DedupTest, RefusesNumbersThatMakeNoSense) {
  request_.distance = 33;
  EXPECT_THAT(error_of<ConfigError>([&] { find_duplicates(request_); }), HasSubstr("--distance"));
  request_.distance = 3;
  request_.similarity = 1.5;
  EXPECT_THAT(error_of<ConfigError>([&] { find_duplicates(request_); }), HasSubstr("--similarity"));
}

TEST_F(DedupTest, WritesAListThatTrainingReads) {
  write("test", "same.png", encode_png(scene(3)));
  const DedupResult result = find_duplicates(request_);
  write_exclusions(dir_ / "list.txt", result);
  EXPECT_EQ(read_text(dir_ / "list.txt"), "one/scene13.png\n");
  const auto source = request_.config.data.build();
  DataCommon common;
  common.exclude = dir_ / "list.txt";
  EXPECT_EQ(open_training_split(*source, "train", common)->size(), kScenes - 1);
  write_exclusions(dir_ / "list.txt", {});  // nothing found: nothing is left out
  EXPECT_EQ(open_training_split(*source, "train", common)->size(), kScenes);
  DedupResult odd;
  odd.duplicates.push_back({.name = "one/a\nb.png"});
  EXPECT_THAT(error_of([&] { write_exclusions(dir_ / "list.txt", odd); }), HasSubstr("rename it"));
}

}  // namespace
}  // namespace vit
