#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/stopwatch.hpp"
#include "vit/core/text.hpp"
#include "vit/runtime/device.hpp"
#include "vit/train/assemble.hpp"
#include "vit/train/run.hpp"
#include "vit/train/update.hpp"

#include "run_start.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

namespace vit {
namespace {

// A folder that is removed again, beside the one the run would use.
class ScratchFolder {
 public:
  explicit ScratchFolder(const fs::path& parent) {
    fs::path place = parent;
    while (!place.empty() && !fs::is_directory(place)) place = place.parent_path();
    std::string pattern =
        ((place.empty() ? fs::path(".") : place) / ".vit-dry-run-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw DataError("cannot write in '" + fs::path(pattern).parent_path().string() + "'");
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void say(const char* what, const std::string& text) {
  fmt::print("  {:<12}  ok   {}\n", what, text);
  std::fflush(stdout);
}

struct Decoded {
  int64_t samples = 0, errors = 0;
  double images_per_second = 0;  // of one thread that reads and augments
};

// The first training examples. What cannot be read ends the dry run as it would end the training,
// unless data.on_error says skip.
Decoded try_data(const Parts& parts) {
  Decoded decoded{.samples = 64};
  const Stopwatch clock;
  const Sampler order = training_order(parts);
  const Random augment = augmentation_seed(parts);
  for (int64_t i = 0; i < decoded.samples; ++i) {
    const SamplePosition at = order.at(i);
    try {
      parts.train_pipeline->apply(parts.train_set->picture(at.index),
                                  augmentation_key(augment, at));
    } catch (const DataError&) {
      if (parts.config.data.common().on_error == OnError::kFail) throw;
      ++decoded.errors;
    }
  }
  decoded.images_per_second = static_cast<double>(decoded.samples) / clock.seconds();
  say("data", fmt::format("{} train, {} val, {} classes; decoded {} samples: {} errors, {:.0f} "
                          "img/s a thread",
                          grouped(parts.train_set->size()), grouped(parts.val_set->size()),
                          parts.source->info().classes.size(), decoded.samples, decoded.errors,
                          decoded.images_per_second));
  return decoded;
}

// Seconds one update takes.
double try_step(Parts& parts) {
  const auto batches = training_batches(parts);
  FiniteGuard guard(parts.device);
  const int64_t start = parts.state->progress.step,
                steps = std::min<int64_t>(2, parts.length.total_steps - start);
  double seconds = 0;
  for (int64_t i = 0; i < steps; ++i) {  // the first one also sets things up
    const Stopwatch clock;
    update_weights(parts, *batches, guard, start + i);
    synchronize(parts.device);
    seconds = clock.seconds();
  }
  if (guard.first_bad_step() >= 0)
    throw Diverged("the very first loss or gradient is NaN or infinite");
  const auto peak = static_cast<double>(peak_memory_bytes(parts.device));
  const BatchConfig& batch = parts.config.batch;
  say("one step",
      fmt::format("batch {} ({} x {}): {:.0f} ms, peak {} of {}", batch.examples, batch.accumulate,
                  batch.examples / batch.accumulate, 1e3 * seconds, human_bytes(peak),
                  human_bytes(static_cast<double>(total_memory_bytes(parts.device)))));
  return seconds;
}

double try_checkpoint(Parts& parts, const fs::path& run_dir) {
  const ScratchFolder scratch(run_dir);
  const Stopwatch clock;
  CheckpointStore store(scratch.path(), 1);
  const std::string name = store.save(*parts.state, checkpoint_text(parts), false);
  restore_checkpoint(scratch.path() / name, *parts.state);
  const double seconds = clock.seconds();
  uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(scratch.path() / name))
    bytes += entry.file_size();
  say("checkpoint",
      fmt::format("{} written and read back in {:.1f} s; {} free",
                  human_bytes(static_cast<double>(bytes)), seconds,
                  human_bytes(static_cast<double>(fs::space(scratch.path()).available))));
  return seconds;
}

}  // namespace

void dry_run(const RunRequest& request) {
  const auto checkpoint = starting_checkpoint(request);
  const RunConfig config = config_for(request, checkpoint);
  say("config", config.model.name() + " on " + config.data.name());
  const auto assembled = assemble(config, checkpoint ? Start::kRestored : Start::kFresh);
  Parts& parts = *assembled;
  if (checkpoint) restore_checkpoint(*checkpoint, *parts.state);

  const Decoded decoded = try_data(parts);
  const ModelCost cost = parts.model->cost();
  say("model", fmt::format("{:.2f} M parameters, {} an image, {} tokens",
                           static_cast<double>(parameter_count(*parts.model)) / 1e6,
                           human_macs(cost.macs), cost.tokens));
  const double step = try_step(parts);
  try_checkpoint(parts, request.run_dir.empty() ? fs::path("runs") : request.run_dir);

  const auto left = static_cast<double>(parts.length.total_steps - parts.state->progress.step);
  const double needs = step > 0 ? static_cast<double>(config.batch.examples) / step : 0.0;
  const int64_t threads = config.loader.threads > 0 ? config.loader.threads : available_cpus();
  fmt::print(
      "  {:<12}       {} steps, about {} of training on {}; data can feed {:.0f} img/s "
      "({} threads), the model takes {:.0f}\n",
      "estimate", grouped(static_cast<int64_t>(left)), human_duration(left * step),
      describe(parts.device), decoded.images_per_second * static_cast<double>(threads), threads,
      needs);
  fmt::print("nothing was trained; run again without --dry-run\n");
}

}  // namespace vit
