// What is kept of a picture to recognise its copies, and the search among many hashes.
#include "data/perceptual_hash.hpp"

#include "vit/core/random.hpp"
#include "vit/data/resample.hpp"
#include "vit/data/transform.hpp"

#include "data/hash_index.hpp"
#include "data/scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numbers>

namespace vit {
namespace {

using detail::HashIndex;
using detail::make_sketch;
using detail::Sketch;
using detail::Thumbnail;

constexpr int64_t kSide = detail::kSketchSide;

Sketch sketch_of(const Image& image) {
  const Image small = resize(image, square(kSide), Interpolation::kBox);
  std::vector<uint8_t> planes(static_cast<size_t>(3 * kSide * kSide));
  write_planes(small, 3, planes.data());
  return make_sketch(planes.data());
}

Sketch sketch_of_gray(double (*level)(int64_t y, int64_t x)) {
  Image image(kSide, kSide, 3);
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < 3 * kSide; ++x)
      image.row(y)[x] = static_cast<uint8_t>(std::lround(level(y, x / 3)));
  }
  return sketch_of(image);
}

double wave(int64_t place, int frequency) {
  return std::cos(std::numbers::pi * frequency * (static_cast<double>(place) + 0.5) / kSide);
}

// Bits are row by row from the highest: vertical frequency 1 with the horizontal ones 1 to 8, ..
uint64_t bit_of(int down, int across) {
  return uint64_t{1} << (63 - (8 * (down - 1) + across - 1));
}

TEST(PerceptualHash, HasABitForEachFrequencyAboveTheMedian) {
  const Sketch one =
      sketch_of_gray([](int64_t y, int64_t x) { return 128 + 100 * wave(y, 2) * wave(x, 5); });
  EXPECT_EQ(one.hash, bit_of(2, 5));
  EXPECT_EQ(one.mirrored_hash, 0U) << "an odd frequency turns its sign";
  const Sketch two = sketch_of_gray([](int64_t y, int64_t x) {
    return 128 + 50 * wave(y, 8) * wave(x, 6) + 50 * wave(y, 1) * wave(x, 8);
  });
  EXPECT_EQ(two.hash, bit_of(8, 6) | bit_of(1, 8));
  EXPECT_EQ(two.mirrored_hash, two.hash);
}

TEST(PerceptualHash, OfAFlatPictureIsZero) {
  EXPECT_EQ(sketch_of_gray([](int64_t, int64_t) { return 200.0; }).hash, 0U);
  EXPECT_EQ(sketch_of_gray([](int64_t y, int64_t x) { return 7.0 + (y * 5 + x * 3) % 2; }).hash,
            0U);
}

TEST(PerceptualHash, KnowsTheMirrorImage) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Image image = test::scene(seed);
    const Sketch before = sketch_of(image);
    flip_horizontally(image);
    const Sketch after = sketch_of(image);
    EXPECT_LE(detail::hash_distance(before.mirrored_hash, after.hash), 2);
    EXPECT_GT(detail::similarity(detail::mirrored(before.thumbnail), after.thumbnail), 0.999);
  }
}

TEST(PerceptualHash, IsNearForCopiesAndFarForOthers) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Image image = test::scene(seed);
    const Sketch original = sketch_of(image);
    for (const Image& copy : {test::brighter(image, 1.2), test::brighter(image, 0.8),
                              resize(image, {50, 70}, Interpolation::kBicubic)}) {
      const Sketch other = sketch_of(copy);
      EXPECT_LE(detail::hash_distance(original.hash, other.hash), 6);
      EXPECT_GT(detail::similarity(original.thumbnail, other.thumbnail), 0.9);
    }
    const Sketch other = sketch_of(test::scene(seed + 100));
    EXPECT_GE(detail::hash_distance(original.hash, other.hash), 16);
    EXPECT_LT(detail::similarity(original.thumbnail, other.thumbnail), 0.7);
  }
}

Thumbnail flat(uint8_t red, uint8_t green, uint8_t blue) {
  Thumbnail thumbnail;
  const size_t area = thumbnail.pixels.size() / 3;
  for (size_t i = 0; i < thumbnail.pixels.size(); ++i)
    thumbnail.pixels[i] = i < area ? red : i < 2 * area ? green : blue;
  return thumbnail;
}

// 1 - (a - b)^2 / (a^2 + b^2 + C1) for flat gray ones: what eq. 13 leaves.
TEST(Similarity, IsThatOfThePaper) {
  const double constant = 2.55 * 2.55;
  EXPECT_DOUBLE_EQ(detail::similarity(flat(9, 9, 9), flat(9, 9, 9)), 1);
  EXPECT_NEAR(detail::similarity(flat(100, 100, 100), flat(50, 50, 50)),
              (2 * 100 * 50 + constant) / (100 * 100 + 50 * 50 + constant), 1e-12);
  EXPECT_LT(detail::similarity(flat(255, 255, 255), flat(0, 0, 0)), 0.001);
  EXPECT_LT(detail::similarity(flat(255, 0, 0), flat(0, 0, 255)), 0) << "other colours";
  const Thumbnail a = sketch_of(test::scene(1)).thumbnail, b = sketch_of(test::scene(2)).thumbnail;
  EXPECT_DOUBLE_EQ(detail::similarity(a, b), detail::similarity(b, a));
}

// Below the size from which tables are used, and above it.
TEST(HashIndex, FindsWhatLookingAtAllFinds) {
  for (const int most_bits : {0, 3, 4, 7, 10, 13}) {
    for (const uint64_t size : {50U, 9000U}) {
      HashIndex index(most_bits);
      std::vector<uint64_t> hashes;
      Random random = Random(most_bits).at(size);
      for (uint64_t i = 0; i < size; ++i) {
        uint64_t hash = random.bits();
        if (i > 0 && random.chance(0.5)) {  // a neighbour of an earlier one
          hash = hashes[static_cast<size_t>(random.below(static_cast<int64_t>(i)))];
          for (int64_t flips = random.below(16); flips > 0; --flips)
            hash ^= uint64_t{1} << random.below(64);
        }
        hashes.push_back(hash);
        index.add(hash);
      }
      size_t most = 0;
      for (int i = 0; i < 100; ++i) {
        const uint64_t hash =
            hashes[static_cast<size_t>(random.below(static_cast<int64_t>(size)))] ^
            uint64_t { 1 } << random.below(64);
        std::vector<uint32_t> expected, found;
        for (uint32_t n = 0; n < size; ++n) {
          if (std::popcount(hashes[n] ^ hash) <= most_bits) expected.push_back(n);
        }
        index.find(hash, found);
        EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(expected));
        most = std::max(most, found.size());
      }
      if (most_bits > 0) EXPECT_GE(most, 1U);
    }
  }
}

}  // namespace
}  // namespace vit
