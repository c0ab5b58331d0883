// What a run folder holds for people and scripts beside metrics and checkpoints: config.yaml,
// meta.json, samples, events.
#pragma once

#include "vit/train/assemble.hpp"
#include "vit/train/run.hpp"

#include <filesystem>

namespace vit {

// config.yaml (every key, with its origin), meta.json (one entry per session),
// samples/train_batch0.{png,csv} for a new run.
void write_records(const std::filesystem::path& folder, const RunRequest& request,
                   const Parts& parts, bool resumed);

// events/nan-<step>.json: the samples of the step whose loss was not finite.
void record_bad_step(const std::filesystem::path& folder, const Parts& parts, int64_t step);

// A PNG with the first training images as the network sees them, augmented and mixed, in rows, and
// beside it a CSV that says for each its row, column, label, class and file.
void write_sample_grid(const std::filesystem::path& file, const Parts& parts);

}  // namespace vit
