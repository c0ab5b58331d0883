// Resampling, cropping and flipping against Pillow and torchvision, and against a plain
// double-precision version.
#include "vit/data/resample.hpp"

#include "vit/core/error.hpp"
#include "vit/core/random.hpp"

#include "picture_goldens.hpp"

#include <cmath>

namespace vit {
namespace {

using test::Json;

// Levels by which another implementation of the same filter may differ.
int tolerance(Interpolation interpolation) {
  return interpolation == Interpolation::kBilinear ? 1 : 2;
}

TEST(Resize, GivesPillowsPixels) {
  int compared = 0;
  for (const Json& entry : test::picture_entries("resize")) {
    const Json& params = entry.at("params");
    const Extent size{params.at("height"), params.at("width")};
    const Interpolation interpolation = test::interpolation_of(entry);
    test::expect_matches(entry, resize(test::source_image(entry.at("source")), size, interpolation),
                         tolerance(interpolation));
    ++compared;
  }
  EXPECT_GT(compared, 20);
}

TEST(Resize, ThenCenterCropGivesTorchvisionsPixels) {
  int compared = 0;
  for (const Json& entry : test::picture_entries("resize_shorter_center_crop")) {
    const Json& params = entry.at("params");
    const Image image = test::source_image(entry.at("source"));
    const Interpolation interpolation = test::interpolation_of(entry);
    const Extent size = shorter_side_extent(image.extent(), params.at("shorter"));
    const Box window = center_box(size, square(params.at("crop")));
    test::expect_matches(entry, crop(resize(image, size, interpolation), window),
                         tolerance(interpolation));
    test::expect_matches(entry, resize_then_crop(image, size, window, interpolation),
                         tolerance(interpolation));
    ++compared;
  }
  EXPECT_GT(compared, 10);
}

TEST(Resize, OfABoxGivesTorchvisionsPixels) {
  int compared = 0;
  for (const Json& entry : test::picture_entries("crop_resize")) {
    const Json& params = entry.at("params");
    const Image image = test::source_image(entry.at("source"));
    const Box box{params.at("top"), params.at("left"), params.at("height"), params.at("width")};
    const Interpolation interpolation = test::interpolation_of(entry);
    Image result = resize(image, box, square(params.at("size")), interpolation);
    if (params.at("hflip")) flip_horizontally(result);
    test::expect_matches(entry, result, tolerance(interpolation));
    ++compared;
  }
  EXPECT_GT(compared, 10);
}

Image noise(int64_t height, int64_t width, int64_t channels) {
  Image image(height, width, channels);
  Random random(7);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.below(256));
  return image;
}

TEST(Resize, OfABoxIsCropThenResize) {
  const Image image = noise(31, 47, 3);
  const Box box{3, 5, 20, 30};
  for (Interpolation interpolation : {Interpolation::kBilinear, Interpolation::kBicubic}) {
    for (Extent size :
         {Extent{20, 30}, Extent{20, 11}, Extent{9, 30}, Extent{40, 61}, Extent{1, 1}}) {
      EXPECT_EQ(resize(image, box, size, interpolation),
                resize(crop(image, box), size, interpolation))
          << to_string(size);
    }
  }
}

TEST(Resize, ThenCropIsTheSameAsBothSteps) {
  const Image image = noise(31, 47, 1);
  const Interpolation interpolation = Interpolation::kBicubic;
  for (Extent size : {Extent{31, 47}, Extent{31, 20}, Extent{17, 47}, Extent{64, 90}}) {
    const Box window{4, 3, 11, 13};
    EXPECT_EQ(resize_then_crop(image, size, window, interpolation),
              crop(resize(image, size, interpolation), window))
        << to_string(size);
  }
}

TEST(Resize, TreatsGrayLikeOneChannelOfColour) {
  const Image gray = noise(20, 33, 1);
  Image colour(20, 33, 3);
  for (size_t i = 0; i < gray.pixels.size(); ++i)
    std::fill_n(colour.pixels.begin() + i * 3, 3, gray.pixels[i]);
  const Image small_gray = resize(gray, {7, 9}, Interpolation::kBicubic);
  const Image small_colour = resize(colour, {7, 9}, Interpolation::kBicubic);
  for (size_t i = 0; i < small_gray.pixels.size(); ++i)
    EXPECT_EQ(small_gray.pixels[i], small_colour.pixels[i * 3 + 1]);
}

TEST(Resize, KeepsConstantImagesConstant) {
  Image image(10, 10, 3);
  std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{200});
  for (Extent size : {Extent{3, 4}, Extent{25, 40}}) {
    for (uint8_t value : resize(image, size, Interpolation::kBicubic).pixels) ASSERT_EQ(value, 200);
  }
}

TEST(Resize, RefusesResultsOfUnboundedSize) {
  const Image thin(1, 4000, 3);
  EXPECT_THROW(resize(thin, shorter_side_extent(thin.extent(), 4000), Interpolation::kBilinear),
               DataError);
}

TEST(Crop, TakesTheBox) {
  const Image image = noise(6, 8, 3);
  const Image part = crop(image, {2, 3, 3, 4});
  ASSERT_EQ(part.extent(), (Extent{3, 4}));
  for (int64_t y = 0; y < 3; ++y) {
    for (int64_t i = 0; i < 12; ++i) EXPECT_EQ(part.row(y)[i], image.row(y + 2)[9 + i]);
  }
  EXPECT_EQ(crop(image, {0, 0, 6, 8}), image);
  EXPECT_THROW(crop(image, {4, 0, 3, 3}), Error);
}

TEST(Flip, MirrorsColumns) {
  for (int64_t channels : {1, 3}) {
    for (int64_t width : {1, 4, 5}) {
      const Image image = noise(3, width, channels);
      Image flipped = image;
      flip_horizontally(flipped);
      for (int64_t y = 0; y < 3; ++y) {
        for (int64_t x = 0; x < width; ++x) {
          for (int64_t c = 0; c < channels; ++c) {
            EXPECT_EQ(flipped.row(y)[x * channels + c],
                      image.row(y)[(width - 1 - x) * channels + c]);
          }
        }
      }
    }
  }
}

TEST(Sizes, FollowTorchvision) {
  EXPECT_EQ(shorter_side_extent({375, 500}, 256), (Extent{256, 341}));
  EXPECT_EQ(shorter_side_extent({500, 375}, 256), (Extent{341, 256}));
  EXPECT_EQ(shorter_side_extent({57, 1}, 48), (Extent{2736, 48}));
  EXPECT_EQ(covering_extent({375, 500}, {256, 256}), (Extent{256, 341}));
  EXPECT_EQ(covering_extent({100, 100}, {50, 80}), (Extent{80, 80}));
  // Halves go to the even neighbour, as in Python: 0.5 -> 0, 1.5 -> 2, 2.5 -> 2.
  EXPECT_EQ(center_box({5, 7}, {4, 4}), (Box{0, 2, 4, 4}));
  EXPECT_EQ(center_box({9, 4}, {4, 4}), (Box{2, 0, 4, 4}));
}

}  // namespace
}  // namespace vit
