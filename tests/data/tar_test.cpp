// Pictures in tar files: layouts, kinds of headers, and what is said about damaged ones.
#include "data/data_files.hpp"
#include "data/tar_files.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

using test::error_of;
using test::open_source;
using test::pax_record;
using test::png;
using test::tar_end;
using test::tar_header;
using test::tar_member;
using test::TempDir;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TarTest : public ::testing::Test {
 protected:
  std::unique_ptr<DataSource> source(const std::string& more = "") {
    return open_source("tar", dir_.path(), more);
  }
  // What opening an archive of these bytes says.
  std::string refusal(const std::string& bytes) {
    write_file(dir_ / "x.tar", bytes);
    return error_of([&] { open_source("tar", dir_ / "x.tar"); });
  }
  static uint8_t red(const Dataset& data, int64_t index) { return data.image(index).pixels.at(0); }
  TempDir dir_;
};

TEST_F(TarTest, ReadsATreeAsItsFolderWouldBeRead) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"train/dog/c.png", png(5, 5, 30)},  {"train/cat/b.png", png(3, 4, 20)},
      {"train/cat/a/z.png", png(2, 2, 9)}, {"train/cat/a.PNG", png(2, 2, 10)},
      {"valid/dog/d.png", png(1, 1, 40)},  {"train/cat/notes.txt", "x"}};
  std::string tar = tar_member("./", "", {.type = '5'});
  for (const auto& [name, bytes] : files) {
    write_file(dir_ / "tree" / name, bytes);
    tar += tar_member("./" + name, bytes);
  }
  write_file(dir_ / "a.tar", tar + tar_end());
  ASSERT_EQ(recognise_data(dir_ / "a.tar"), "tar");
  const auto packed = open_source("tar", dir_ / "a.tar");
  const auto folder = open_source("folder", dir_ / "tree");
  EXPECT_EQ(packed->splits(), folder->splits());
  EXPECT_EQ(packed->info().classes, folder->info().classes);
  for (const std::string split : {"train", "val"}) {
    const auto a = packed->open(split), b = folder->open(split);
    ASSERT_EQ(a->size(), b->size());
    for (int64_t i = 0; i < a->size(); ++i) {
      EXPECT_EQ(a->name(i), "a.tar/" + b->name(i));
      EXPECT_EQ(a->label(i), b->label(i));
      EXPECT_EQ(a->image(i), b->image(i));
    }
  }
}

TEST_F(TarTest, DropsAFolderAroundEverything) {
  write_file(dir_ / "x.tar", tar_member("flowers/rose/1.png", png(1, 1, 1)) +
                                 tar_member("flowers/aster/1.png", png(1, 1, 2)) + tar_end());
  const auto flowers = source();
  EXPECT_THAT(flowers->info().classes, ElementsAre("aster", "rose"));
  EXPECT_EQ(red(*flowers->open("train"), 0), 2);
}

TEST_F(TarTest, ReadsWebDatasetShards) {
  write_file(dir_ / "train-000.tar", tar_member("a/001.jpg.skip", "x") +
                                         tar_member("a/001.png", png(1, 1, 11)) +
                                         tar_member("a/001.cls", "2\n") +
                                         tar_member("a/002.json", R"({"label": 0, "w": 3})") +
                                         tar_member("a/002.png", png(1, 1, 12)) + tar_end());
  write_file(dir_ / "train-001.tar",
             tar_member("001.cls", "1") + tar_member("001.png", png(1, 1, 13)) + tar_end());
  write_file(dir_ / "val-000.tar",
             tar_member("9.png", png(1, 1, 14)) + tar_member("9.cls", "2") + tar_end());
  EXPECT_EQ(recognise_data(dir_.path()), "tar");
  const auto shards = source();
  EXPECT_THAT(shards->splits(), ElementsAre("train", "val"));
  EXPECT_THAT(shards->info().classes, ElementsAre("0", "1", "2"));
  const auto train = shards->open("train");
  ASSERT_EQ(train->size(), 3);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(red(*train, i), 11 + i);
  EXPECT_EQ(train->label(0), 2);
  EXPECT_EQ(train->label(1), 0);
  EXPECT_EQ(train->label(2), 1);
  EXPECT_EQ(train->name(1), "train-000.tar/a/002.png");
  EXPECT_EQ(shards->open("val")->label(0), 2);
  write_file(dir_ / "names.txt", "x\ny\nz\n");
  EXPECT_THAT(source(", class_names: '" + (dir_ / "names.txt").string() + "'")->info().classes,
              ElementsAre("x", "y", "z"));
  write_file(dir_ / "names.txt", "x\ny\n");
  EXPECT_THAT(error_of([&] { source(", class_names: '" + (dir_ / "names.txt").string() + "'"); }),
              HasSubstr("train-000.tar/a/001.png has the label 2, but there are 2 classes"));
}

TEST_F(TarTest, ReadsClassNamesAsLabels) {
  write_file(dir_ / "train/0.tar", tar_member("1.png", png(1, 1, 1)) + tar_member("1.cls", "dog") +
                                       tar_member("2.png", png(1, 1, 2)) +
                                       tar_member("2.cls", "cat") + tar_end());
  write_file(dir_ / "val/0.tar",
             tar_member("1.png", png(1, 1, 3)) + tar_member("1.cls", "dig") + tar_end());
  EXPECT_THAT(error_of([&] { source(); }), AllOf(HasSubstr("val/0.tar/1.png has the label 'dig'"),
                                                 HasSubstr("did you mean 'dog'?")));
  write_file(dir_ / "val/0.tar",
             tar_member("1.png", png(1, 1, 3)) + tar_member("1.cls", "dog") + tar_end());
  const auto shards = source();
  EXPECT_THAT(shards->info().classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(shards->open("val")->label(0), 1);
  write_file(dir_ / "val/0.tar",
             tar_member("1.png", png(1, 1, 3)) + tar_member("1.cls", "7") + tar_end());
  EXPECT_THAT(error_of([&] { source(); }), HasSubstr("some labels are numbers"));
}

TEST_F(TarTest, ReadsATarPerClassInAFolderOrInAnotherTar) {
  const std::string cat = tar_member("1.png", png(1, 1, 1)) + tar_end();
  const std::string dog = tar_member("2.png", png(1, 1, 2)) + tar_end();
  write_file(dir_ / "cat.tar", cat);
  write_file(dir_ / "dog.tar", dog);
  const auto folder = source();
  EXPECT_THAT(folder->info().classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(red(*folder->open("train"), 1), 2);
  TempDir other;
  write_file(other / "all.tar",
             tar_member("dog.tar", dog) + tar_member("cat.tar", cat) + tar_end());
  const auto nested = open_source("tar", other / "all.tar");
  EXPECT_THAT(nested->info().classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(red(*nested->open("train"), 1), 2);
  EXPECT_EQ(nested->open("train")->name(1), "all.tar/dog/2.png");
}

TEST_F(TarTest, ReadsLongNamesAndLargeSizesOfEveryKind) {
  const std::string deep(150, 'd'), name = "cat/" + deep + "/1.png";
  const std::string picture = png(1, 1, 5);
  const std::vector<std::string> tars = {
      tar_member("././@LongLink", name + '\0', {.type = 'L', .gnu = true}) +
          tar_member(name, picture, {.gnu = true}),
      tar_member("pax", pax_record("mtime", "1.5") + pax_record("path", name), {.type = 'x'}) +
          tar_member("short", picture),
      tar_member("1.png", picture, {.prefix = "cat/" + deep.substr(0, 100)}),
      tar_member("cat/1.png", picture, {.base256 = true}),
      tar_member("pax", pax_record("size", std::to_string(picture.size())), {.type = 'x'}) +
          tar_header("cat/1.png", 0) + tar_member("", picture).substr(512),
      tar_member("global", pax_record("comment", "x"), {.type = 'g'}) +
          tar_member("cat/2.png", picture, {.type = '\0'}) +
          tar_header("cat/l.png", 9, {.type = '2'})};
  for (const std::string& tar : tars) {
    write_file(dir_ / "x.tar", tar + tar_end());
    const auto train = source()->open("train");
    ASSERT_EQ(train->size(), 1);
    EXPECT_EQ(red(*train, 0), 5);
  }
}

TEST_F(TarTest, TakesTheLastOfMembersWithOneName) {
  write_file(dir_ / "x.tar", tar_member("cat/1.png", png(1, 1, 1)) +
                                 tar_member("cat/1.png", png(1, 1, 2)) + tar_end());
  const auto train = source()->open("train");
  ASSERT_EQ(train->size(), 1);
  EXPECT_EQ(red(*train, 0), 2);
}

TEST_F(TarTest, RefusesDamagedHeaders) {
  const std::string good = tar_member("cat/1.png", png(1, 1, 1));
  std::string bad = good;
  bad[3] ^= 1;
  EXPECT_THAT(refusal(bad), HasSubstr("is no tar file"));
  EXPECT_THAT(refusal(good + bad),
              AllOf(HasSubstr("x.tar' is damaged at byte 1024"), HasSubstr("wrong checksum")));
  EXPECT_THAT(
      refusal(good + tar_header("cat/2.png", 5000)),
      AllOf(HasSubstr("member 'cat/2.png' should have 5000 bytes"), HasSubstr("ends after 0")));
  EXPECT_THAT(refusal(good + good.substr(0, 300)), HasSubstr("ends within a header"));
  EXPECT_THAT(refusal(tar_header("cat/1.png", uint64_t{1} << 62, {.base256 = true})),
              HasSubstr("should have 4611686018427387904 bytes"));
  EXPECT_THAT(refusal(tar_header("x", ~uint64_t{0}, {.base256 = true})),
              HasSubstr("no valid size"));
  EXPECT_THAT(refusal(tar_header("x", uint64_t{1} << 32, {.type = 'L', .base256 = true})),
              HasSubstr("a long name of 4294967296 bytes"));
  EXPECT_THAT(refusal(tar_member("x", "9999999 path=a\n", {.type = 'x'}) + good),
              HasSubstr("broken pax header"));
  EXPECT_THAT(refusal(tar_member("x", pax_record("size", "-1"), {.type = 'x'}) + good),
              HasSubstr("invalid size"));
  EXPECT_THAT(refusal(tar_member("x", "abc", {.type = 'S'}) + good), HasSubstr("sparse"));
  EXPECT_THAT(refusal(""), HasSubstr("is no tar file"));
  EXPECT_THAT(refusal(tar_end()), HasSubstr("holds no pictures"));
}

TEST_F(TarTest, SaysWhatIsMissing) {
  EXPECT_THAT(refusal(tar_member("1.png", png(1, 1, 1)) + tar_end()),
              AllOf(HasSubstr("'x.tar/1.png' lies in no class folder"), HasSubstr("1.cls")));
  EXPECT_THAT(refusal(tar_member("1.png", png(1, 1, 1)) + tar_member("1.cls", "1") +
                      tar_member("2.png", png(1, 1, 1)) + tar_end()),
              AllOf(HasSubstr("sample 'x.tar/2.png' has no label"), HasSubstr("2.cls")));
  EXPECT_THAT(refusal(tar_member("train/cat/1.png", png(1, 1, 1)) +
                      tar_member("val/cot/1.png", png(1, 1, 1)) + tar_end()),
              AllOf(HasSubstr("x.tar/val/cot' is no class"), HasSubstr("did you mean 'cat'")));
  EXPECT_THAT(refusal("\x1f\x8b\x08 and so on"),
              AllOf(HasSubstr("x.tar' is compressed (gzip)"), HasSubstr("gzip -dk")));
  EXPECT_THAT(error_of([&] { open_source("tar", dir_ / "none.tar"); }),
              HasSubstr("none.tar' cannot be read: No such file"));
  TempDir empty;
  EXPECT_THAT(error_of([&] { open_source("tar", empty.path()); }), HasSubstr("no tar files"));
}

TEST_F(TarTest, NamesAFileThatVanishesOrShrinks) {
  const std::string bytes = tar_member("cat/1.png", png(1, 1, 1)) + tar_end();
  write_file(dir_ / "x.tar", bytes);
  const auto train = source()->open("train");
  EXPECT_EQ(red(*train, 0), 1);
  write_file(dir_ / "x.tar", bytes.substr(0, 520));
  EXPECT_THAT(error_of([&] { train->picture(0); }),
              AllOf(HasSubstr("x.tar'"), HasSubstr("changed while it was in use")));
  fs::remove(dir_ / "x.tar");
  EXPECT_THAT(error_of([&] { train->picture(0); }), HasSubstr("x.tar' cannot be read"));
}

}  // namespace
}  // namespace vit
