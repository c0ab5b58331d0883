// Pictures listed in tables.
#include "vit/data/labelled_files.hpp"

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

class CsvTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 1; i <= 4; ++i) {
      write_file(dir_ / ("p/" + std::to_string(i) + ".png"), png(1, 1, static_cast<uint8_t>(i)));
    }
  }
  std::string refusal(const std::string& table) {
    write_file(dir_ / "all.csv", table);
    return error_of([&] { open_source("csv", dir_.path()); });
  }
  TempDir dir_;
};

TEST_F(CsvTest, ReadsNamesSplitsAndQuotes) {
  write_file(dir_ / "p/a, b.png", png(1, 1, 9));
  write_file(
      dir_ / "all.csv",
      "\xEF\xBB\xBFsplit,note,file,label\r\ntrain,x,p/1.png,dog\r\ntrain,\"x, \"\"y\"\"\",\"p/a, "
      "b.png\",cat\r\n\r\nvalidation,,p/2.png,dog\r\n");
  EXPECT_EQ(recognise_data(dir_ / "all.csv"), "csv");
  for (const fs::path& root : {dir_.path(), dir_ / "all.csv"}) {
    const auto source = open_source("csv", root);
    EXPECT_THAT(source->splits(), ElementsAre("train", "val"));
    EXPECT_THAT(source->info().classes, ElementsAre("cat", "dog"));
    const auto train = source->open("train");
    ASSERT_EQ(train->size(), 2);
    EXPECT_EQ(train->label(0), 1);
    EXPECT_EQ(train->label(1), 0);
    EXPECT_EQ(train->name(1), "p/a, b.png");
    EXPECT_EQ(train->image(1).pixels.at(0), 9);
    EXPECT_EQ(source->open("val")->label(0), 1);
  }
}

TEST_F(CsvTest, ReadsATablePerSplitAndTabs) {
  write_file(dir_ / "train.tsv", "file\tlabel\np/1.png\t2\np/2.png\t0\n");
  write_file(dir_ / "val.csv", "file,label\np/3.png,1\n");
  write_file(dir_ / "other.csv", "a,b\n1,2\n");
  const auto source = open_source("csv", dir_.path());
  EXPECT_THAT(source->splits(), ElementsAre("train", "val"));
  EXPECT_THAT(source->info().classes, ElementsAre("0", "1", "2"));
  EXPECT_EQ(source->open("train")->label(0), 2);
  EXPECT_EQ(source->open("val")->label(0), 1);
  write_file(dir_ / "validation.csv", "file,label\np/3.png,1\n");
  EXPECT_THAT(error_of([&] { open_source("csv", dir_.path()); }),
              AllOf(HasSubstr("both list pictures of split 'val'"), HasSubstr("data.table")));
}

TEST_F(CsvTest, TakesATableFromElsewhere) {
  TempDir other;
  write_file(other / "t.csv", "file,label\n4.png,0\n");
  EXPECT_EQ(recognise_data(other.path()), "csv");
  const auto source =
      open_source("csv", dir_ / "p", ", table: '" + (other / "t.csv").string() + "'");
  EXPECT_EQ(source->open("train")->image(0).pixels.at(0), 4);
}

TEST_F(CsvTest, NamesFileAndLineOfMistakes) {
  EXPECT_THAT(refusal("file,label\np/1.png,1\np/2.png\n"),
              AllOf(HasSubstr("all.csv:3: "), HasSubstr("too few columns")));
  EXPECT_THAT(refusal("file,label\np/1.png,\n"), HasSubstr("all.csv:2: this line has no label"));
  EXPECT_THAT(refusal("file,label\n,1\n"), HasSubstr("all.csv:2: this line names no file"));
  EXPECT_THAT(refusal("file,label\n\"p/1.png,1\n"),
              HasSubstr("all.csv:2: this line opens a quote"));
  EXPECT_THAT(refusal("file,label\nq/1.png,1\n"),
              AllOf(HasSubstr("all.csv:2: "), HasSubstr("q/1.png', which does not exist"),
                    HasSubstr("data.root")));
  EXPECT_THAT(refusal("file,label,split\np/1.png,1,\n"), HasSubstr("names no split"));
  EXPECT_THAT(refusal("file,label\np/1.png,1\np/2.png,cat\n"),
              AllOf(HasSubstr("some labels are numbers"), HasSubstr("all.csv:3")));
  EXPECT_THAT(refusal("file,label\np/1.png,7000000000\n"), HasSubstr("no class number"));
  EXPECT_THAT(refusal("file,label\n"), HasSubstr("lists no images"));
  EXPECT_THAT(refusal("a,label\n"), HasSubstr("holds no table"));
  EXPECT_THAT(refusal("file,label,split\np/1.png,cat,train\np/2.png,cot,val\n"),
              AllOf(HasSubstr("all.csv:3 has the label 'cot'"), HasSubstr("did you mean 'cat'")));
}

TEST_F(CsvTest, LabelsOfLooseFilesMayBeMissing) {
  write_file(dir_ / "l.csv", "file,label\n1.png,3\n2.png,\n3.png,-1\n");
  const auto files = open_labelled_files(dir_ / "p", dir_ / "l.csv");
  ASSERT_EQ(files->size(), 3);
  EXPECT_EQ(files->label(0), 3);
  EXPECT_EQ(files->label(1), -1);
  EXPECT_EQ(files->label(2), -1);
  write_file(dir_ / "l.csv", "file,label\n1.png,cat\n");
  EXPECT_THAT(error_of([&] { open_labelled_files(dir_ / "p", dir_ / "l.csv"); }),
              AllOf(HasSubstr("l.csv:2: "), HasSubstr("no class number")));
}

}  // namespace
}  // namespace vit
