// n examples, C channels of the model, H x W its input size
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"
#include "vit/data/drawing.hpp"
#include "vit/data/image_codec.hpp"

#include "run_records.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace vit {
namespace {

// The first training examples, augmented, as numbers 0..255: float32 [n, C, H, W]. An unreadable
// image is black; the training itself reports it, by the policy of data.on_error.
Batch first_examples(const Parts& parts, int64_t n) {
  const Extent size = parts.model->input_size();
  const int64_t channels = parts.model->channels();
  const Random augment = augmentation_seed(parts);
  const Sampler order = training_order(parts);
  at::Tensor pixels = at::zeros({n, channels, size.height, size.width}, at::kByte);
  Batch batch;
  batch.targets = at::zeros({n}, at::kLong);
  for (int64_t i = 0; i < n; ++i) {
    const SamplePosition at = order.at(i);
    batch.targets.select(0, i).fill_(parts.train_set->label(at.index));
    try {
      parts.train_pipeline->write(parts.train_set->picture(at.index), augmentation_key(augment, at),
                                  channels, pixels.select(0, i).mutable_data_ptr<uint8_t>());
    } catch (const DataError&) {
      continue;
    }
  }
  batch.images = pixels.to(at::kFloat);
  return batch;
}

// As the first update mixes them; those of a part that is not here as a whole with one another.
at::Tensor mixed_images(const Parts& parts, const Batch& examples) {
  const int64_t part = parts.config.batch.examples / parts.config.batch.accumulate;
  at::Tensor mixed = at::empty_like(examples.images);
  for (int64_t i = 0; i * part < examples.size(); ++i) {
    const int64_t first = i * part, n = std::min(part, examples.size() - first);
    Batch rows;
    rows.images = examples.images.narrow(0, first, n);
    rows.targets = examples.targets.narrow(0, first, n);
    mixed.narrow(0, first, n).copy_((*parts.mix)(rows, mixing_key(parts, 0, i)).images);
  }
  return mixed;
}

// A line for each example of the grid.
std::string list_examples(const Parts& parts, int64_t n, int64_t columns) {
  const Sampler order = training_order(parts);
  const std::vector<std::string>& classes = parts.source->info().classes;
  std::string list = "row,column,label,class,file\n";
  for (int64_t i = 0; i < n; ++i) {
    const int64_t index = order.at(i).index, label = parts.train_set->label(index);
    const bool is_known = label >= 0 && label < static_cast<int64_t>(classes.size());
    list += fmt::format("{},{},{},{},{}\n", i / columns + 1, i % columns + 1, label,
                        csv_field(is_known ? classes[static_cast<size_t>(label)] : ""),
                        csv_field(parts.train_set->name(index)));
  }
  return list;
}

}  // namespace

void write_sample_grid(const fs::path& file, const Parts& parts) {
  constexpr int64_t kMost = 64, kGap = 2;
  const int64_t n = std::min({kMost, parts.config.batch.examples, parts.train_set->size()});
  const auto columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(n))));
  const Extent size = parts.model->input_size();
  const at::Tensor images =
      mixed_images(parts, first_examples(parts, n)).round_().to(at::kByte).permute({0, 2, 3, 1});
  std::vector<Image> tiles;
  for (int64_t i = 0; i < n; ++i) {
    Image& tile = tiles.emplace_back(size.height, size.width, parts.model->channels());
    at::from_blob(tile.pixels.data(), {size.height, size.width, tile.channels}, at::kByte)
        .copy_(images.select(0, i));
  }
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  write_atomically(file, encode_png(contact_sheet(tiles, {columns, kGap, /*ground=*/0})));
  write_atomically(fs::path(file).replace_extension(".csv"), list_examples(parts, n, columns));
}

}  // namespace vit
