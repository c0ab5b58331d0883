// From the axes of a sweep to its points: which keys each sets, and what it is called. Pure
// functions of the file.
#pragma once

#include "train/sweep/sweep_config.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vit {

// --set KEY=TEXT, and where it was written.
struct Assignment {
  std::string key, text;
  std::string place;             // "flowers.yaml:4:3"
  std::filesystem::path folder;  // where relative paths in it start; "": the working directory
};

// One run. Names are fit for a folder: letters, digits and a few signs, at most 200 bytes.
struct SweepPoint {
  std::string name;   // "lr=0.01,model=vit_b32,seed=0"
  std::string group;  // the same without the seed: what is compared
  std::vector<std::pair<std::string, std::string>> values;  // axis and value as they were written
  std::optional<int64_t> seed;
  std::vector<Assignment> assignments;  // later ones win
};

// All points, the last axis fastest, seeds faster still. Throws InvalidConfig: an axis without
// values, of no known form, or too many points.
std::vector<SweepPoint> grid_of(const SweepConfig& config);

// The last runs of a selection: a chosen point with each of the seeds, on all training data. The
// test split is looked at once, when a run is done: nothing of it can reach a choice.
std::vector<SweepPoint> final_points(const SelectConfig& select, const SweepPoint& chosen);

}  // namespace vit
