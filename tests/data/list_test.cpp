// Pictures listed in plain text files, one for each split.
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

class ListTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 1; i <= 3; ++i) {
      write_file(dir_ / ("images/train/" + std::to_string(i) + ".png"),
                 png(1, 1, static_cast<uint8_t>(i)));
    }
    write_file(dir_ / "images/a b.png", png(1, 1, 9));
  }
  TempDir dir_;
};

TEST_F(ListTest, ReadsAListPerSplit) {
  write_file(dir_ / "train800.txt", "images/train/2.png 3\r\nimages/train/1.png 0\n");
  write_file(dir_ / "test.txt", "images/a b.png\t1\n\nimages/train/3.png   2");
  write_file(dir_ / "LICENSE.txt", "Anybody may use these pictures.\n");
  EXPECT_EQ(recognise_data(dir_.path()), "list") << "although there is a folder of pictures";
  const auto source = open_source("list", dir_.path());
  EXPECT_THAT(source->splits(), ElementsAre("test", "train800"));
  EXPECT_THAT(source->info().classes, ElementsAre("0", "1", "2", "3"));
  const auto train = source->open("train800");
  ASSERT_EQ(train->size(), 2);
  EXPECT_EQ(train->label(0), 3);
  EXPECT_EQ(train->name(0), "images/train/2.png");
  EXPECT_EQ(train->image(1).pixels.at(0), 1);
  EXPECT_EQ(source->open("test")->image(0).pixels.at(0), 9);
  EXPECT_EQ(source->open("test")->label(1), 2);
}

TEST_F(ListTest, TakesNamesAsLabels) {
  write_file(dir_ / "train.txt", "images/train/2.png dog\nimages/train/1.png cat\n");
  write_file(dir_ / "names", "dog\ncat\n");
  EXPECT_THAT(open_source("list", dir_.path())->info().classes, ElementsAre("cat", "dog"));
  const auto named =
      open_source("list", dir_.path(), ", class_names: '" + (dir_ / "names").string() + "'");
  EXPECT_EQ(named->open("train")->label(0), 0);
}

TEST_F(ListTest, NamesFileAndLineOfMistakes) {
  const auto refusal = [&](const std::string& list) {
    write_file(dir_ / "train.txt", list);
    return error_of([&] { open_source("list", dir_.path()); });
  };
  EXPECT_THAT(refusal("images/train/1.png 1\nimages/train/2.png\n"),
              AllOf(HasSubstr("train.txt:2: "), HasSubstr("not a file and its label")));
  EXPECT_THAT(
      refusal("train/1.png 1\n"),
      AllOf(HasSubstr("train.txt:1: "), HasSubstr("does not exist"), HasSubstr("data.root")));
  EXPECT_THAT(refusal("images/train/1.png 1\nimages/train/2.png cat\n"),
              HasSubstr("some labels are numbers"));
  EXPECT_THAT(refusal("nothing of the kind\n"),
              AllOf(HasSubstr("holds no lists"), HasSubstr("images/1.jpg 5")));
}

}  // namespace
}  // namespace vit
