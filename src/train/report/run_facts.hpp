// What the files of a run folder say, for people to compare.
#pragma once

#include "vit/core/files.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vit {

// (x, y) in the order of x.
using Curve = std::vector<std::pair<double, double>>;

struct Score {
  double top1 = 0;
  int64_t n = 0, step = 0;
  std::string weights;  // "raw" or "average"
};

// An evaluation of vit-eval kept in the run's eval/ folder: counts[true][predicted].
struct Confusion {
  std::vector<std::string> classes;
  std::vector<std::vector<int64_t>> counts;
};

struct RunFacts {
  fs::path folder;
  std::string name;    // of the folder
  std::string status;  // as in summary.json; "running or killed" without one
  std::string model, data;
  std::optional<double> parameters, macs, exaflops, device_hours;  // what old runs did not note
  int64_t examples = 0;
  std::optional<Score> best, last, last_average;
  std::map<std::string, Curve> curves;  // by "train/loss", "train/lr", "val/top1",
                                        // "val_average/top1", ..., over epochs
  std::vector<std::pair<std::string, std::string>> settings;  // every key of config.yaml
  std::optional<Confusion> confusion;
  std::vector<fs::path> pictures;  // of samples/
};

// True for a folder with the files of a run.
bool is_run(const fs::path& folder);

// Throws DataError naming the file that cannot be read.
RunFacts read_run(const fs::path& folder);

}  // namespace vit
