// Images without labels: which ones, in which order, and what becomes of bad ones.
#include "vit/data/loose_images.hpp"

#include "vit/data/drawing.hpp"

#include "data/data_files.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace vit::test {
namespace {

using testing::HasSubstr;

std::vector<std::string> names_of(const Dataset& images) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < images.size(); ++i) names.push_back(images.name(i));
  return names;
}

TEST(LooseImages, FilesAsGivenAndFoldersInOrder) {
  const TempDir dir;
  for (const char* name : {"f/b.png", "f/a/c.png", "f/A.PNG", "strange", "z.png"})
    write_file(dir / name, png(2, 3, 10));
  write_file(dir / "f/notes.txt", "no image");
  const auto found = open_images({dir / "z.png", dir / "f/", dir / "strange", dir / "z.png"});
  const std::string root = dir.path().string() + "/";
  EXPECT_EQ(names_of(*found),
            (std::vector<std::string>{root + "z.png", root + "f/A.PNG", root + "f/a/c.png",
                                      root + "f/b.png", root + "strange", root + "z.png"}));
  EXPECT_EQ(found->label(0), -1);
  EXPECT_EQ(found->image(4).extent(), (Extent{2, 3}));
}

TEST(LooseImages, MistypedPathsAndEmptyFoldersAreNamed) {
  const TempDir dir;
  write_file(dir / "f/notes.txt", "no image");
  EXPECT_THAT(error_of([&] { open_images({dir / "nowhere.jpg"}); }), HasSubstr("nowhere.jpg"));
  EXPECT_THAT(error_of([&] { open_images({dir / "f"}); }), HasSubstr("notes.txt"));
}

TEST(LooseImages, BadOnesAreBlackAndNamed) {
  const TempDir dir;
  write_file(dir / "a.png", png(2, 2, 50));
  write_file(dir / "b.png", "no picture");
  write_file(dir / "c.png", png(3, 2, 60));
  const ForgivingDataset images(open_images({dir.path()}), Orientation::kIgnore, {4, 5});
  EXPECT_EQ(images.image(0).pixels[0], 50);
  const Image black = images.image(1);
  EXPECT_EQ(black.extent(), (Extent{4, 5}));
  EXPECT_EQ(*std::max_element(black.pixels.begin(), black.pixels.end()), 0);
  EXPECT_EQ(images.image(2).extent(), (Extent{3, 2}));
  EXPECT_FALSE(images.failed(0));
  EXPECT_TRUE(images.failed(1));
  const std::string error = error_of([&] { images.require_all(); });
  EXPECT_THAT(error, HasSubstr("1 of 3 images cannot be read"));
  EXPECT_THAT(error, HasSubstr("b.png"));

  const ForgivingDataset some(subset(open_images({dir.path()}), {0, 2}), Orientation::kIgnore,
                              {4, 5});
  EXPECT_EQ(some.image(1).extent(), (Extent{3, 2}));
  EXPECT_NO_THROW(some.require_all());
}

TEST(DataKind, IsEmptyForWhatIsNoDataSet) {
  const TempDir dir;
  write_file(dir / "a.png", png(2, 2, 50));
  write_file(dir / "t/cat/1.png", png(2, 2, 50));
  EXPECT_EQ(data_kind((dir / "a.png").string()), "");
  EXPECT_EQ(data_kind((dir / "nowhere").string()), "");
  EXPECT_EQ(data_kind((dir / "t").string()), "folder");
  EXPECT_EQ(recognise_data((dir / "t").string()), "folder");
}

TEST(Drawing, SheetsHoldTilesRowByRow) {
  Image dark(1, 1, 1), red(1, 1, 3);
  dark.pixels = {7};
  red.pixels = {200, 10, 20};
  const Image sheet = contact_sheet({dark, red, {}, dark}, {.columns = 3, .gap = 1, .ground = 99});
  ASSERT_EQ(sheet.extent(), (Extent{5, 7}));
  const auto pixel = [&](int64_t y, int64_t x) {
    return std::vector<uint8_t>(sheet.row(y) + 3 * x, sheet.row(y) + 3 * x + 3);
  };
  EXPECT_EQ(pixel(1, 1), (std::vector<uint8_t>{7, 7, 7}));
  EXPECT_EQ(pixel(1, 3), (std::vector<uint8_t>{200, 10, 20}));
  EXPECT_EQ(pixel(1, 5), (std::vector<uint8_t>{99, 99, 99}));
  EXPECT_EQ(pixel(3, 1), (std::vector<uint8_t>{7, 7, 7}));
  EXPECT_EQ(pixel(0, 0), (std::vector<uint8_t>{99, 99, 99}));
}

TEST(Drawing, ColoursRunFromVioletToYellow) {
  Image gray(1, 3, 1);
  gray.pixels = {0, 128, 255};
  EXPECT_EQ(coloured(gray).pixels, (std::vector<uint8_t>{68, 1, 84, 33, 145, 140, 253, 231, 37}));
  EXPECT_EQ(enlarged(gray, 2).pixels,
            (std::vector<uint8_t>{0, 0, 128, 128, 255, 255, 0, 0, 128, 128, 255, 255}));
}

TEST(Drawing, LightFallsWhereTheMaskIs) {
  Image picture(8, 8, 3), mask(2, 2, 1);
  std::fill(picture.pixels.begin(), picture.pixels.end(), uint8_t{100});
  mask.pixels = {0, 100, 0, 100};
  const Image lit = lit_by(mask, picture, 0);
  EXPECT_EQ(lit.row(4)[0], 0);
  EXPECT_EQ(lit.row(4)[3 * 7], 100);
  mask.pixels = {9, 9, 9, 9};
  EXPECT_EQ(lit_by(mask, picture, 2), picture);
}

}  // namespace
}  // namespace vit::test
