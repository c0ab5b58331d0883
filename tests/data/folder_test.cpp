// Image folders, and telling data sets by their content.
#include "data/data_files.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

using test::error_of;
using test::open_source;
using test::TempDir;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FolderTest : public ::testing::Test {
 protected:
  // train: cat 2, dog 1 ; validation: dog 1
  void SetUp() override {
    write_file(dir_ / "train/cat/b.png", test::png(3, 4, 20));
    write_file(dir_ / "train/cat/a.PNG", test::png(2, 2, 10));
    write_file(dir_ / "train/dog/c.png", test::png(5, 5, 30, 31, 32));
    write_file(dir_ / "validation/dog/d.png", test::png(1, 1, 40));
  }
  std::unique_ptr<DataSource> source() { return open_source("folder", dir_.path()); }
  TempDir dir_;
};

TEST_F(FolderTest, ReadsSplitsClassesAndPictures) {
  const auto folder = source();
  EXPECT_EQ(folder->info().kind, "folder");
  EXPECT_THAT(folder->info().classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(folder->splits(), ElementsAre("train", "val"));
  EXPECT_TRUE(folder->sorted_by_class());
  const auto train = folder->open("train");
  ASSERT_EQ(train->size(), 3);
  EXPECT_EQ(train->name(0), "train/cat/a.PNG");
  EXPECT_EQ(train->name(2), "train/dog/c.png");
  EXPECT_EQ(train->label(1), 0);
  EXPECT_EQ(train->label(2), 1);
  EXPECT_EQ(train->image(1).extent(), (Extent{3, 4}));
  EXPECT_EQ(train->image(2).pixels.at(2), 32);
  const auto val = folder->open("val");
  ASSERT_EQ(val->size(), 1);
  EXPECT_EQ(val->label(0), 1);
  EXPECT_EQ(val->name(0), "validation/dog/d.png");
}

TEST_F(FolderTest, ReadsClassesDirectlyInTheRoot) {
  const auto folder = open_source("folder", dir_ / "train");
  EXPECT_THAT(folder->splits(), ElementsAre("train"));
  EXPECT_EQ(folder->open("train")->name(2), "dog/c.png");
}

TEST_F(FolderTest, ReadsAClassThatIsCalledLikeASplit) {
  TempDir dir;
  write_file(dir / "train/1.png", test::png(1, 1, 1));
  write_file(dir / "plane/1.png", test::png(1, 1, 1));
  EXPECT_THAT(open_source("folder", dir.path())->info().classes, ElementsAre("plane", "train"));
}

TEST_F(FolderTest, TakesClassesOfAllSplitsWithoutTraining) {
  TempDir dir;
  write_file(dir / "test/b/1.png", test::png(1, 1, 1));
  write_file(dir / "valid/a/1.png", test::png(1, 1, 1));
  const auto folder = open_source("folder", dir.path());
  EXPECT_THAT(folder->splits(), ElementsAre("val", "test"));
  EXPECT_EQ(folder->open("test")->label(0), 1);
}

TEST_F(FolderTest, PassesOverWhatIsNoPicture) {
  write_file(dir_ / "train/cat/.hidden.png", "x");
  write_file(dir_ / "train/.cache/x.png", "x");
  write_file(dir_ / "train/cat/notes.txt", "x");
  write_file(dir_ / "train/labels.csv", "x");
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(source()->open("train")->size(), 3);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(),
              HasSubstr("1 other file was passed over (the first is 'cat/notes.txt')"));
}

TEST_F(FolderTest, FollowsLinksAndSubfolders) {
  TempDir elsewhere;
  write_file(elsewhere / "birds/deep/er/e.jpeg", "x");
  fs::create_directory_symlink(elsewhere / "birds", dir_ / "train/bird");
  fs::create_symlink(dir_ / "train/cat/b.png", dir_ / "train/dog/link.png");
  const auto train = source()->open("train");
  ASSERT_EQ(train->size(), 5);
  EXPECT_EQ(train->name(0), "train/bird/deep/er/e.jpeg");
  EXPECT_EQ(train->name(4), "train/dog/link.png");
  EXPECT_EQ(train->image(4).extent(), (Extent{3, 4}));
  fs::create_directory_symlink(dir_ / "train/dog", dir_ / "train/dog/again");
  EXPECT_NE(error_of([&] { source()->open("train"); }), "");  // a circle ends
}

TEST_F(FolderTest, RefusesAnEmptyClass) {
  fs::create_directory(dir_ / "train/emu");
  EXPECT_THAT(error_of([&] { source()->open("train"); }),
              AllOf(HasSubstr("train/emu' holds no images"), HasSubstr("empty")));
  write_file(dir_ / "train/emu/x.gif", "x");
  EXPECT_THAT(error_of([&] { source()->open("train"); }),
              AllOf(HasSubstr("holds no images"), HasSubstr("x.gif")));
}

TEST_F(FolderTest, RefusesAClassThatTrainingDoesNotHave) {
  write_file(dir_ / "validation/dig/x.png", test::png(1, 1, 1));
  EXPECT_THAT(error_of([&] { source()->open("val"); }),
              AllOf(HasSubstr("validation/dig' is no class"), HasSubstr("did you mean 'dog'"),
                    HasSubstr("cat, dog")));
}

TEST_F(FolderTest, NamesThePictureThatIsBad) {
  write_file(dir_ / "train/cat/b.png", "");
  write_file(dir_ / "train/dog/c.png", test::png(5, 5, 30).substr(0, 40));
  const auto train = source()->open("train");
  EXPECT_EQ(train->image(0).extent(), square(2));
  EXPECT_THAT(error_of([&] { train->image(1); }), HasSubstr("train/cat/b.png"));
  EXPECT_THAT(error_of([&] { train->image(2); }), HasSubstr("train/dog/c.png"));
  fs::remove(dir_ / "train/cat/b.png");
  EXPECT_THAT(error_of([&] { train->image(1); }), HasSubstr("train/cat/b.png"));
}

TEST_F(FolderTest, SaysWhatWasLookedForAndFound) {
  TempDir dir;
  write_file(dir / "ILSVRC2012_img_train.tar", "x");
  write_file(dir / "readme", "x");
  EXPECT_THAT(
      error_of([&] { open_source("folder", dir.path()); }),
      AllOf(HasSubstr("has no class folders for split 'train'"),
            HasSubstr("/train/<class>/*.{jpg,jpeg,png,webp}"),
            HasSubstr("found       ILSVRC2012_img_train.tar, readme"), HasSubstr("unpack it")));
}

TEST(RecogniseData, TellsByContent) {
  TempDir dir;
  write_file(dir / "idx/train-images-idx3-ubyte.gz", "");
  write_file(dir / "cifar/data_batch_1.bin", "");
  write_file(dir / "cifar100/cifar-100-binary/train.bin", "");
  write_file(dir / "tree/train/a/x.JPG", "");
  write_file(dir / "flat/a/x.png", "");
  EXPECT_EQ(recognise_data(dir / "idx"), "idx");
  EXPECT_EQ(recognise_data(dir / "cifar"), "cifar");
  EXPECT_EQ(recognise_data(dir / "cifar100"), "cifar");
  EXPECT_EQ(recognise_data(dir / "tree"), "folder");
  EXPECT_EQ(recognise_data(dir / "flat"), "folder");
}

TEST(RecogniseData, SaysWhatWasLookedForAndFound) {
  TempDir dir;
  write_file(dir / "loose.png", "");
  write_file(dir / "shard-000.zip", "");
  EXPECT_THAT(error_of([&] { recognise_data(dir.path()); }),
              AllOf(HasSubstr("no data set found"), HasSubstr("<class>"),
                    HasSubstr("train-images-idx3-ubyte"),
                    HasSubstr("found       shard-000.zip, loose.png"), HasSubstr("unpack")));
  EXPECT_THAT(error_of([&] { recognise_data(dir / "shard-000.zip"); }), HasSubstr("unpack it"));
  EXPECT_THAT(error_of([&] { recognise_data(dir / "none"); }), HasSubstr("does not exist"));
}

}  // namespace
}  // namespace vit
