// The sizes of published Transformers (Dosovitskiy et al. 2021, table 1; Steiner et al. 2022; Zhai
// et al. 2022).
#pragma once

#include <cstdint>

namespace vit {

struct VitSize {
  int64_t width, depth, heads, mlp;
};
constexpr VitSize kTiny{192, 12, 3, 768};
constexpr VitSize kSmall{384, 12, 6, 1536};
constexpr VitSize kMedium{512, 12, 8, 2048};
constexpr VitSize kBase{768, 12, 12, 3072};
constexpr VitSize kLarge{1024, 24, 16, 4096};
constexpr VitSize kSo400m{1152, 27, 16, 4304};
constexpr VitSize kHuge{1280, 32, 16, 5120};
constexpr VitSize kGiant{1408, 40, 16, 6144};
constexpr VitSize kGigantic{1664, 48, 16, 8192};

}  // namespace vit
