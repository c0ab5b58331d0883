// What a picture looks like, in 64 bits and a thumbnail, for finding copies of it that were
// recompressed, resized, trimmed a little, made brighter or mirrored.
//
// The bits are those of the hash of the discrete cosine transform in C. Zauner, "Implementation and
// Benchmarking of Perceptual Image Hash Functions" (2010), known as pHash: the picture as 32x32
// gray, of its transform the 8x8 lowest frequencies without the means, a bit for each that is above
// their median. Area averaging takes the place of the mean filter there. Hashes of copies differ in
// few of the bits; those of other pictures in about half of them, but among millions some are close
// by chance, so thumbnails confirm. Private to the data library.
#pragma once

#include <array>
#include <cstdint>

namespace vit::detail {

constexpr int64_t kSketchSide = 32;  // pixels of what a sketch is made of

// 16x16 RGB, three planes.
struct Thumbnail {
  static constexpr int64_t kSide = kSketchSide / 2;
  std::array<uint8_t, 3 * kSide * kSide> pixels;
  bool operator==(const Thumbnail&) const = default;
};

struct Sketch {
  uint64_t hash = 0;
  uint64_t mirrored_hash = 0;  // of the picture left-right mirrored
  Thumbnail thumbnail;
};

// `planes` are the whole picture as [3, 32, 32] RGB, whatever its shape.
Sketch make_sketch(const uint8_t* planes);

// Bits in which two hashes differ.
int hash_distance(uint64_t a, uint64_t b);

Thumbnail mirrored(const Thumbnail& thumbnail);

// The structural similarity of Wang et al. 2004 (eq. 13, with its constants), over the whole
// thumbnails instead of windows: 1 for equal ones, about 0 and below for pictures of other things.
double similarity(const Thumbnail& a, const Thumbnail& b);

}  // namespace vit::detail
