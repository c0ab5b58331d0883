// Made-up pictures with the smooth large shapes of photographs, for tests of what looks alike.
#pragma once

#include "vit/core/random.hpp"
#include "vit/data/image.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace vit::test {

// Waves of random directions and colours; another seed, another picture.
inline Image scene(uint64_t seed, int64_t height = 96, int64_t width = 128) {
  constexpr int kWaves = 12;
  struct Wave {
    double down, across, phase, colour[3];
  };
  Random random = Random(seed).stream("scene");
  Wave waves[kWaves];
  for (Wave& wave : waves) {
    wave = {random.uniform(-14, 14), random.uniform(-14, 14), random.uniform(0, 6.28), {}};
    for (double& part : wave.colour) part = random.uniform(0, 25);
  }
  Image image(height, width, 3);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      double colour[3] = {110, 110, 110};
      for (const Wave& wave : waves) {
        const double height_part = static_cast<double>(y) / static_cast<double>(height);
        const double width_part = static_cast<double>(x) / static_cast<double>(width);
        const double value =
            std::sin(wave.down * height_part + wave.across * width_part + wave.phase);
        for (int c = 0; c < 3; ++c) colour[c] += wave.colour[c] * value;
      }
      for (int c = 0; c < 3; ++c)
        image.row(y)[3 * x + c] = static_cast<uint8_t>(std::clamp(colour[c], 0.0, 255.0));
    }
  }
  return image;
}

inline Image brighter(Image image, double factor) {
  for (uint8_t& value : image.pixels)
    value = static_cast<uint8_t>(std::min(255.0, std::round(factor * value)));
  return image;
}

}  // namespace vit::test
