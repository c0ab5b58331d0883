#include "run_records.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/version.hpp"
#include "vit/data/image_codec.hpp"
#include "vit/runtime/device.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Json describe_session(const RunRequest& request, const Parts& parts) {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  Json session = {{"time", utc_now()},
                  {"argv", request.argv},
                  {"cwd", fs::current_path().string()},
                  {"host", host},
                  {"pid", getpid()},
                  {"vit", build_info().version},
                  {"git", build_info().git_revision},
                  {"build", build_info().build_type},
                  {"libtorch", describe_libtorch()},
                  {"device", describe(parts.device)},
                  {"start_step", parts.state->progress.step}};
  for (const char* name : {"SLURM_JOB_ID", "SLURM_RESTART_COUNT"}) {
    if (const char* value = std::getenv(name)) session[name] = value;
  }
  return session;
}

void write_meta(const fs::path& file, const RunRequest& request, const Parts& parts) {
  Json meta = {{"schema", 1}, {"sessions", Json::array()}};
  if (fs::exists(file)) {
    const Json before = Json::parse(read_text(file), nullptr, /*allow_exceptions=*/false);
    if (before.is_object() && before.contains("sessions") && before["sessions"].is_array())
      meta = before;
  }
  meta["train"] = {{"split", parts.splits.train}, {"examples", parts.train_set->size()}};
  meta["val"] = {{"split", parts.splits.val}, {"examples", parts.val_set->size()}};
  meta["classes"] = parts.source->info().classes.size();
  meta["sessions"].push_back(describe_session(request, parts));
  write_atomically(file, meta.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

// The first training examples, augmented, as numbers 0..255: float32 [n, 3, H, W]. An unreadable
// image is black; the training itself reports it, by the policy of data.on_error.
Batch first_examples(const Parts& parts, int64_t n) {
  const Extent size = parts.model->input_size();
  const Random augment = augmentation_seed(parts);
  const Sampler order = training_order(parts);
  Batch batch;
  batch.images = at::zeros({n, 3, size.height, size.width});
  batch.targets = at::zeros({n}, at::kLong);
  for (int64_t i = 0; i < n; ++i) {
    const SamplePosition at = order.at(i);
    batch.targets.select(0, i).fill_(parts.train_set->label(at.index));
    try {
      Image image = parts.train_pipeline->apply(parts.train_set->picture(at.index),
                                                augmentation_key(augment, at));
      const at::Tensor pixels = at::from_blob(
          image.pixels.data(), {image.height, image.width, image.channels}, at::kByte);
      batch.images.select(0, i).copy_(pixels.permute({2, 0, 1}));  // gray to all three
    } catch (const DataError&) {
      continue;
    }
  }
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

}  // namespace

void write_records(const fs::path& folder, const RunRequest& request, const Parts& parts,
                   bool resumed) {
  write_atomically(folder / "config.yaml",
                   config::write_with_origins(parts.config, request.document));
  write_meta(folder / "meta.json", request, parts);
  if (!resumed && parts.config.log.samples)
    write_sample_grid(folder / "samples" / "train_batch0.png", parts);
}

void record_bad_step(const fs::path& folder, const Parts& parts, int64_t step) {
  const int64_t batch = parts.config.batch.examples;
  const Sampler sampler = training_order(parts);
  Json samples = Json::array();
  for (int64_t i = 0; i < batch; ++i) {
    const SamplePosition at = sampler.at(step * batch + i);
    samples.push_back({{"index", at.index},
                       {"epoch", at.epoch},
                       {"name", parts.train_set->name(at.index)},
                       {"label", parts.train_set->label(at.index)}});
  }
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  write_atomically(
      folder / fmt::format("nan-{}.json", step),
      Json{{"step", step}, {"lr", parts.schedule->lr(step)}, {"samples", samples}}.dump(
          1, ' ', false, Json::error_handler_t::replace) +
          "\n");
}

void write_sample_grid(const fs::path& file, const Parts& parts) {
  constexpr int64_t kMost = 64, kGap = 2;
  const int64_t n = std::min({kMost, parts.config.batch.examples, parts.train_set->size()});
  const auto columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(n))));
  const int64_t rows = (n + columns - 1) / columns;
  const Extent size = parts.model->input_size();
  const at::Tensor images =
      mixed_images(parts, first_examples(parts, n)).round_().to(at::kByte).permute({0, 2, 3, 1});

  Image grid(rows * (size.height + kGap) + kGap, columns * (size.width + kGap) + kGap, 3);
  const at::Tensor canvas =
      at::from_blob(grid.pixels.data(), {grid.height, grid.width, 3}, at::kByte);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t top = kGap + i / columns * (size.height + kGap),
                  left = kGap + i % columns * (size.width + kGap);
    canvas.narrow(0, top, size.height).narrow(1, left, size.width).copy_(images.select(0, i));
  }
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  write_atomically(file, encode_png(grid));
}

}  // namespace vit
