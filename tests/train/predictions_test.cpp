// Names and lists of predictions.
#include "train/predictions.hpp"

#include "data/data_files.hpp"
#include "support/temp_dir.hpp"
#include "train/class_names.hpp"
#include "train/inside/pictures.hpp"
#include "train/short_names.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace vit::test {
namespace {

using testing::HasSubstr;
using Names = std::vector<std::string>;

TEST(ShortNames, LoseTheFoldersTheyShare) {
  EXPECT_EQ(short_names({"a/cat/1.jpg", "a/dog/1.jpg"}), (Names{"cat/1.jpg", "dog/1.jpg"}));
  EXPECT_EQ(short_names({"a/b/cat1.jpg", "a/b/cat2.jpg"}), (Names{"cat1.jpg", "cat2.jpg"}));
  EXPECT_EQ(short_names({"a/b/c.jpg"}), (Names{"c.jpg"}));
  EXPECT_EQ(short_names({"a/b.jpg", "c.jpg"}), (Names{"a/b.jpg", "c.jpg"}));
  EXPECT_EQ(short_names({"/x/ab/1.jpg", "/x/ac/1.jpg"}), (Names{"ab/1.jpg", "ac/1.jpg"}));
  EXPECT_EQ(short_names({}), Names{});
}

TEST(FileNames, AreHarmlessAndDiffer) {
  EXPECT_EQ(file_names({"cat/1.jpg", "cat/1.png", "train.bin[7]", "cat_1", "../x y.jpg"}),
            (Names{"cat_1", "cat_1-2", "train.bin_7_", "cat_1-3", "_.._x_y"}));
}

TEST(Likeliest, ComeInOrderAndTiesByNumber) {
  const at::Tensor logits = at::tensor({0.0F, 2.0F, 0.0F, 2.0F}).view({1, 4});
  const auto found = likeliest(logits, 3);
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(found[0].size(), 3U);
  EXPECT_EQ(found[0][0].label, 1);
  EXPECT_EQ(found[0][1].label, 3);
  EXPECT_EQ(found[0][2].label, 0);
  EXPECT_NEAR(found[0][0].probability, std::exp(2) / (2 * std::exp(2) + 2), 1e-12);
}

TEST(Predictions, AreWrittenInThreeForms) {
  const ImageGuesses image{"pets/a,b.jpg", {{1, 0.75}, {3, 0.25}}};
  const Names classes = {"cat", "dog"};
  EXPECT_EQ(csv_header() + csv_lines(image, classes),
            "file,rank,prediction,class,probability\n"
            "\"pets/a,b.jpg\",1,1,dog,0.750000\n"
            "\"pets/a,b.jpg\",2,3,3,0.250000\n");
  const auto json = nlohmann::json::parse(json_line(image, classes));
  EXPECT_EQ(json["file"], "pets/a,b.jpg");
  EXPECT_EQ(json["predictions"][0]["class"], "dog");
  EXPECT_EQ(json["predictions"][1]["prediction"], 3);
  const std::string table = guesses_table({image}, {"cat", std::string(60, 'x')});
  EXPECT_THAT(table, HasSubstr("a,b.jpg"));
  EXPECT_THAT(table, HasSubstr(std::string(46, 'x') + ".."));
  EXPECT_THAT(table, HasSubstr("75.0"));
}

TEST(ClassNames, AreLinesWithoutWordNetNumbers) {
  const TempDir dir;
  write_file(dir / "names.txt", "n01440764 tench, Tinca tinca\r\nplain name\nnine lives\n");
  EXPECT_EQ(read_class_names(dir / "names.txt", 3),
            (Names{"tench, Tinca tinca", "plain name", "nine lives"}));
  const std::string error = error_of([&] { read_class_names(dir / "names.txt", 4); });
  EXPECT_THAT(error, HasSubstr("3 lines"));
  EXPECT_THAT(error, HasSubstr("4 classes"));
}

// Extents of what is drawn, and that light and dark are where they belong.
TEST(Pictures, OfRolloutShowTheImageAndItsBrightPart) {
  const TokenPlaces places{.leading = 1, .grid = square(4), .pitch = square(8)};
  Image input(36, 36, 3);  // the last 4 pixels are beyond the patches
  std::fill(input.pixels.begin(), input.pixels.end(), uint8_t{200});
  const Seen seen = as_seen(input, places);
  EXPECT_EQ(seen.picture.extent(), square(32 * 7));
  EXPECT_EQ(seen.pitch, 8 * 7);
  at::Tensor mask = at::zeros({4, 4});
  mask[0][0] = 1;
  const Image drawn = rollout_picture(seen, mask);
  EXPECT_EQ(drawn.extent(), (Extent{224 + 8, 2 * 224 + 12}));
  const auto value = [&](int64_t y, int64_t x) { return drawn.row(y)[3 * x]; };
  EXPECT_EQ(value(100, 100), 200);          // the image itself
  EXPECT_EQ(value(4, 4 + 224 + 4), 200);    // lit
  EXPECT_LE(value(220, 4 + 224 + 200), 4);  // dark
}

TEST(Pictures, OfPositionsShowSevenOfManyRows) {
  EXPECT_EQ(similarity_sheet(at::zeros({2, 3, 2, 3})).extent(),
            (Extent{2 * (42 * 2 + 4) + 4, 3 * (42 * 3 + 4) + 4}));
  EXPECT_EQ(similarity_sheet(at::zeros({14, 14, 14, 14})).extent(), square(7 * (84 + 4) + 4));
  EXPECT_EQ(filter_sheet(at::randn({28, 3, 16, 16})).extent(), (Extent{4 * 68 + 4, 7 * 68 + 4}));
}

}  // namespace
}  // namespace vit::test
