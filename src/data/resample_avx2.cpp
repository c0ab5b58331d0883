// The passes for processors with AVX2, compiled for them by attribute: the rest of the program runs
// on any x86-64. Products of a byte and a 23-bit weight need 32 bits, so everything is done in
// lanes of 32; the sums are those of the plain version, term by term up to their order, which does
// not matter to integers.
#include "resample_kernels.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>
#include <vector>

#define VIT_AVX2 __attribute__((target("avx2")))

namespace vit::detail {
namespace {

// ---- along x: RGB pixels

constexpr int64_t kGroup = 4;   // outputs made together
constexpr int64_t kReach = 16;  // bytes read at a pair of taps, of which 6 count
constexpr int64_t kSpread = 8;  // weights stored for a pair: one a lane

// Taps as the kernel wants them: the same number of pairs for every output, those that are too many
// of weight 0, a weight for every lane; outputs filled up to whole groups.
struct PairedTaps {
  int64_t pairs = 0, groups = 0;
  std::vector<int32_t> offsets;  // of the first byte, per output
  std::vector<int32_t> weights;
};

void spread_taps(const Taps& taps, PairedTaps& paired) {
  paired.pairs = (taps.largest() + 1) / 2;
  paired.groups = (taps.outputs() + kGroup - 1) / kGroup;
  const int64_t outputs = paired.groups * kGroup;
  paired.offsets.assign(static_cast<size_t>(outputs), 0);
  paired.weights.assign(static_cast<size_t>(outputs * paired.pairs * kSpread), 0);
  for (int64_t x = 0; x < taps.outputs(); ++x) {
    paired.offsets[x] = static_cast<int32_t>(taps.inputs[x].first * 3);
    int32_t* target = paired.weights.data() + x * paired.pairs * kSpread;
    for (int64_t k = 0; k < taps.inputs[x].count; ++k)
      std::fill_n(target + k * 4, 4, taps.of(x)[k]);
  }
}

// Sums of one output: red, green, blue, nothing of even taps in the lower half, of odd ones in the
// upper.
template <int kPairs>
VIT_AVX2 inline __m256i blend_pairs(const uint8_t* source, const int32_t* weights, int64_t pairs) {
  // Two neighbouring pixels, one byte a lane; the high bit means zero.
  const __m256i place =
      _mm256_setr_epi8(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1, 3, -1, -1, -1,
                       4, -1, -1, -1, 5, -1, -1, -1, -1, -1, -1, -1);
  __m256i sum = _mm256_setr_epi32(kHalf, kHalf, kHalf, 0, 0, 0, 0, 0);
  const int64_t count = kPairs > 0 ? kPairs : pairs;
#pragma GCC unroll 4
  for (int64_t i = 0; i < count; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + 6 * i));
    const __m256i pixels = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), place);
    const __m256i weight =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + kSpread * i));
    sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(pixels, weight));
  }
  return sum;
}

// Adds the halves of two sums: all of `a` in the lower half, of `b` in the upper.
VIT_AVX2 inline __m256i joined(__m256i a, __m256i b) {
  return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                          _mm256_permute2x128_si256(a, b, 0x31));
}

// Four outputs as R G B 0 R G B 0 ...
template <int kPairs>
VIT_AVX2 inline __m128i blend_group(const uint8_t* source, const int32_t* offsets,
                                    const int32_t* weights, int64_t pairs) {
  const int64_t step = pairs * kSpread;
  __m256i sums[kGroup];
#pragma GCC unroll 4
  for (int64_t i = 0; i < kGroup; ++i)
    sums[i] = blend_pairs<kPairs>(source + offsets[i], weights + i * step, pairs);
  const __m256i first = _mm256_srai_epi32(joined(sums[0], sums[1]), kWeightBits);
  const __m256i second = _mm256_srai_epi32(joined(sums[2], sums[3]), kWeightBits);
  const __m256i words = _mm256_packs_epi32(first, second);        // 0 2 | 1 3
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xd8);  // 0 1 | 2 3
  return _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
}

// Stores of outputs that do not fill a group, and what is read beyond a row, go to and come from
// copies: the last rows of the source may end where memory does, and the bytes after a row of the
// target belong to others.
struct RowCopies {
  std::vector<uint8_t> source, target;
};

VIT_AVX2 inline void store_four_bytes(uint8_t* target, __m128i bytes) {
  const int32_t value = _mm_cvtsi128_si32(bytes);
  std::memcpy(target, &value, sizeof value);
}

// One row, whole groups of it; `plane` from plane to plane, 0 for interleaved pixels. kPairs is the
// number of pairs where the compiler knows it, else 0: the common small ones have loops of their
// own.
template <int kPairs>
VIT_AVX2 void blend_row(const uint8_t* source, const PairedTaps& taps, uint8_t* target,
                        int64_t plane) {
  const __m128i split =
      _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);  // RRRR GGGG BBBB 0000
  const __m128i close = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  // Copies: stores of bytes might change the taps, for all the compiler knows.
  const int64_t groups = taps.groups, pairs = taps.pairs;
  const int32_t* weights = taps.weights.data();
  const int32_t* offsets = taps.offsets.data();
  for (int64_t group = 0; group < groups; ++group, weights += pairs * kGroup * kSpread) {
    const __m128i bytes = blend_group<kPairs>(source, offsets + group * kGroup, weights, pairs);
    if (plane != 0) {
      const __m128i colours = _mm_shuffle_epi8(bytes, split);
      uint8_t* place = target + group * kGroup;
      store_four_bytes(place, colours);
      store_four_bytes(place + plane, _mm_srli_si128(colours, 4));
      store_four_bytes(place + 2 * plane, _mm_srli_si128(colours, 8));
    } else {
      alignas(16) uint8_t packed[16];
      _mm_store_si128(reinterpret_cast<__m128i*>(packed), _mm_shuffle_epi8(bytes, close));
      std::memcpy(target + group * kGroup * 3, packed, kGroup * 3);
    }
  }
}

using RowBlender = void (*)(const uint8_t*, const PairedTaps&, uint8_t*, int64_t);

inline RowBlender row_blender(int64_t pairs) {
  constexpr RowBlender kSmall[] = {blend_row<0>, blend_row<1>, blend_row<2>, blend_row<3>,
                                   blend_row<4>};
  return kSmall[pairs <= 4 ? pairs : 0];
}

VIT_AVX2 void along_x(const Pixels& pixels, Span rows, const Taps& taps, const Raster& target) {
  if (pixels.channels != 3) return scalar_kernels().along_x(pixels, rows, taps, target);
  thread_local PairedTaps paired;
  thread_local RowCopies copies;
  spread_taps(taps, paired);
  const RowBlender blend = row_blender(paired.pairs);
  const int64_t outputs = taps.outputs(), whole = paired.groups * kGroup;
  const int64_t row_bytes = pixels.width * 3;
  const int64_t reach = taps.used().end() * 3 + paired.pairs * 6 + kReach;
  copies.source.resize(static_cast<size_t>(std::max(reach, row_bytes)));
  copies.target.resize(static_cast<size_t>(whole * 3));
  const int64_t plane = target.is_planar() ? whole : 0;
  for (int64_t y = 0; y < rows.count; ++y) {
    const uint8_t* source = pixels.row(rows.first + y);
    if (pixels.end - source < reach) {
      std::memcpy(copies.source.data(), source, static_cast<size_t>(row_bytes));
      source = copies.source.data();
    }
    uint8_t* row = target.data + y * target.row_stride;
    if (outputs == whole) {
      blend(source, paired, row, target.plane_stride);
      continue;
    }
    blend(source, paired, copies.target.data(), plane);
    const auto count = static_cast<size_t>(outputs);
    if (!target.is_planar()) {
      std::memcpy(row, copies.target.data(), count * 3);
    } else {
      for (int64_t c = 0; c < 3; ++c)
        std::memcpy(row + c * target.plane_stride, copies.target.data() + c * plane, count);
    }
  }
}

// ---- along y: bytes of whatever

// kVectors * 8 neighbouring bytes.
template <int kVectors>
VIT_AVX2 inline void blend_bytes(const uint8_t* source, int64_t stride, const int32_t* weights,
                                 int64_t count, uint8_t* target) {
  __m256i sums[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sums[v] = _mm256_set1_epi32(kHalf);
  for (int64_t k = 0; k < count; ++k, source += stride) {
    const __m256i weight = _mm256_set1_epi32(weights[k]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(source + 8 * v));
      sums[v] = _mm256_add_epi32(sums[v], _mm256_mullo_epi32(_mm256_cvtepu8_epi32(bytes), weight));
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const __m256i sum = _mm256_srai_epi32(sums[v], kWeightBits);
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(target + 8 * v), _mm_packus_epi16(words, words));
  }
}

VIT_AVX2 void along_y(const uint8_t* source, int64_t stride, int64_t bytes, const Taps& taps,
                      const Raster& target) {
  for (int64_t y = 0; y < taps.outputs(); ++y) {
    const auto [first, count] = taps.inputs[y];
    const int32_t* weights = taps.of(y);
    const uint8_t* rows = source + first * stride;
    uint8_t* row = target.data + y * target.row_stride;
    int64_t i = 0;
    for (; i + 32 <= bytes; i += 32) blend_bytes<4>(rows + i, stride, weights, count, row + i);
    for (; i + 8 <= bytes; i += 8) blend_bytes<1>(rows + i, stride, weights, count, row + i);
    for (; i < bytes; ++i) {
      int32_t sum = kHalf;
      for (int64_t k = 0; k < count; ++k) sum += rows[k * stride + i] * weights[k];
      row[i] = to_byte(sum);
    }
  }
}

}  // namespace

const Kernels* avx2_kernels() {
  static constexpr Kernels fast{along_x, along_y};
  static const bool present = __builtin_cpu_supports("avx2");
  return present ? &fast : nullptr;
}

}  // namespace vit::detail

#else

namespace vit::detail {
const Kernels* avx2_kernels() { return nullptr; }
}  // namespace vit::detail

#endif
