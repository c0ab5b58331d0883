// What the files of a run folder say, for people to compare.
#pragma once

#include "vit/core/files.hpp"

#include "train/stored_probes.hpp"
#include "train/stored_summary.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vit {

// (x, y) in the order of x.
using Curve = std::vector<std::pair<double, double>>;

// An evaluation of vit-eval on a split of the run's own data, kept in its eval/ folder:
// counts[true][predicted].
struct Confusion {
  std::string split;
  std::vector<std::string> classes;
  std::vector<std::vector<int64_t>> counts;
};

using Settings = std::vector<std::pair<std::string, std::string>>;  // (key, value) of config.yaml

// With what summary.json says: scores that are a classification's top-1. Where there is none the
// status is "running or killed", and the scores and the model's size are those of metrics.jsonl.
struct RunFacts : StoredSummary {
  fs::path folder;
  std::string name;  // of its folder, or its path below the folder that was asked for
  std::string model, data;
  int64_t training_images = 0;          // in an epoch; 0: not known
  double epochs = 0;                    // that it came to
  std::map<std::string, Curve> curves;  // by "train/loss", "train/lr", "val/top1",
                                        // "val_average/top1", ..., over epochs
  Settings settings;                    // every key of config.yaml
  // Those that decide what is trained on a data set, but for the seed and how much of the data is
  // used.
  Settings recipe;
  std::vector<StoredProbe> probes;  // as of the best evaluation
  // What it and the runs whose weights it started from cost, those up to the checkpoint that was
  // taken; nothing when that is not known of all, and then why.
  std::optional<double> exaflops_in_all;
  std::string unknown_cost;
  std::vector<Confusion> confusions;
  std::vector<fs::path> pictures;  // of samples/
};

// True for a folder with the files of a run.
bool is_run(const fs::path& folder);

// Throws DataError naming the file that cannot be read.
RunFacts read_run(const fs::path& folder, const std::string& name);

}  // namespace vit
