// Checkpoints on disk: a folder made under another name and renamed when complete, so that it is
// whole or absent.
//
// checkpoints/step-00001404/ holds model.safetensors and average.safetensors (timm's names),
// state.safetensors (optimizer, metric window), progress.json, config.yaml and manifest.json (sizes
// and XXH3 checksums, written last). `last` and `best` are links that move only after the folder is
// safe. A folder without a valid manifest is ignored with a warning.
#pragma once

#include "vit/train/state.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vit {

// What goes into a checkpoint beside the state.
struct CheckpointText {
  std::string config;  // resolved YAML
  std::map<std::string, std::string>
      metadata;  // of the weight files: model, classes, preprocessing
};

class CheckpointStore {
 public:
  // `folder` is <run>/checkpoints; made on the first save. Throws nothing.
  CheckpointStore(std::filesystem::path folder, int64_t keep_last);

  // Writes step-<progress.step>; does nothing when it is there already. `best` moves the best link
  // too. Throws CheckpointError (a full disk, say) with all older checkpoints untouched. Returns
  // the folder's name.
  std::string save(State& state, const CheckpointText& text, bool best);

  // The newest complete checkpoint; broken ones are named in a warning. Changes nothing. Throws
  // CheckpointError when there are checkpoints, but none is complete.
  std::optional<std::filesystem::path> newest() const;

  // Removes what interrupted saves left behind. Only for the process that holds the run's lock.
  void remove_leftovers() const;

  // All step-* folders, oldest first, complete or not.
  std::vector<std::filesystem::path> all() const;

  // Whether there is a folder for this step.
  bool holds(int64_t step) const;

  // After a restore: makes `last` and `best` agree with it (a crash may have come between a save
  // and its links). No `best` without a step for it.
  void repair_links(const std::filesystem::path& restored, std::optional<int64_t> best_step);

 private:
  void prune(const std::string& newest) const;
  std::filesystem::path folder_;
  int64_t keep_last_;
};

std::string checkpoint_name(int64_t step);  // "step-00001404"

// Throws CheckpointError saying which file is missing, short or changed.
void verify_checkpoint(const std::filesystem::path& checkpoint);

// Verifies, then restores weights, averages, optimizer state and progress in place. Throws
// CheckpointError when it does not fit; nothing is changed in that case.
void restore_checkpoint(const std::filesystem::path& checkpoint, State& state);

}  // namespace vit
