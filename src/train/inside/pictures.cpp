// C channels, p x q pixels of a filter, h x w patches
#include "pictures.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/data/drawing.hpp"
#include "vit/data/image_codec.hpp"
#include "vit/data/resample.hpp"

#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <system_error>
#include <vector>

namespace vit {
namespace {

// [h, w] or [C, h, w] of values in [0, 1].
Image image_of(const at::Tensor& values) {
  const at::Tensor planes = values.dim() == 2 ? values.unsqueeze(0) : values;
  const at::Tensor bytes = (planes.to(at::kCPU, at::kFloat).clamp(0, 1) * 255)
                               .round()
                               .to(at::kByte)
                               .permute({1, 2, 0})  // [h, w, C]
                               .contiguous();
  Image image(bytes.size(0), bytes.size(1), bytes.size(2));
  std::memcpy(image.pixels.data(), bytes.const_data_ptr<uint8_t>(), image.pixels.size());
  return image;
}

at::Tensor stretched(const at::Tensor& values) {
  const at::Tensor low = values.min(), range = values.max() - low;
  return (values - low) / range.clamp_min(1e-30);
}

// So many times that the shorter side reaches about `wanted` pixels.
int64_t factor_for(int64_t side, int64_t wanted) { return std::max<int64_t>(1, wanted / side); }

// Evenly spaced places of `count`.
std::vector<int64_t> chosen_places(int64_t count) {
  constexpr int64_t kAll = 8, kSome = 7;
  const int64_t n = count <= kAll ? count : kSome;
  std::vector<int64_t> places;
  for (int64_t i = 0; i < n; ++i)
    places.push_back(n == 1 ? 0 : (i * (count - 1) + (n - 1) / 2) / (n - 1));
  return places;
}

}  // namespace

Image filter_sheet(const at::Tensor& components) {
  constexpr int64_t kColumns = 7, kSide = 64;
  std::vector<Image> tiles;
  for (const at::Tensor& component : components.unbind(0)) {
    const Image tile = image_of(stretched(component));
    tiles.push_back(enlarged(tile, factor_for(std::min(tile.height, tile.width), kSide)));
  }
  return contact_sheet(tiles, {.columns = kColumns});
}

Image similarity_sheet(const at::Tensor& similarity) {
  constexpr int64_t kSide = 84;
  const std::vector<int64_t> rows = chosen_places(similarity.size(0)),
                             columns = chosen_places(similarity.size(1));
  std::vector<Image> tiles;
  for (const int64_t row : rows) {
    for (const int64_t column : columns) {
      const Image tile = image_of((similarity[row][column] + 1) / 2);
      tiles.push_back(
          enlarged(coloured(tile), factor_for(std::min(tile.height, tile.width), kSide)));
    }
  }
  return contact_sheet(tiles, {.columns = static_cast<int64_t>(columns.size())});
}

Seen as_seen(Image input, const TokenPlaces& places) {
  constexpr int64_t kSide = 224;
  // What lies beyond the last whole patch is not looked at.
  input = crop(input, {0, 0, std::min(input.height, places.grid.height * places.pitch.height),
                       std::min(input.width, places.grid.width * places.pitch.width)});
  const int64_t factor = factor_for(std::min(input.height, input.width), kSide);
  const auto pitch = static_cast<double>(std::min(places.pitch.height, places.pitch.width));
  return {factor == 1 ? std::move(input) : enlarged(input, factor),
          pitch * static_cast<double>(factor)};
}

Image rollout_picture(const Seen& seen, const at::Tensor& mask) {
  return contact_sheet({seen.picture, lit_by(image_of(stretched(mask)), seen.picture, seen.pitch)},
                       {.columns = 2});
}

Image head_sheet(const Seen& seen, const at::Tensor& maps) {
  std::vector<Image> tiles{seen.picture};
  for (const at::Tensor& map : divided_by_max(maps).unbind(0)) {
    const Image tile = coloured(image_of(map));  // a pixel a patch
    tiles.push_back(resize(tile, seen.picture.extent(), Interpolation::kBox));
  }
  const auto columns =
      static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(tiles.size()))));
  return contact_sheet(tiles, {.columns = columns});
}

void write_png(const fs::path& file, const Image& image) {
  write_atomically(file, encode_png(image));
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && access(folder.c_str(), W_OK) != 0) error = {errno, std::generic_category()};
  if (error)
    throw DataError("cannot write into folder '" + folder.string() + "': " + error.message());
}

}  // namespace vit
