// From points to runs: the command of each, its folder, and the configuration it will have.
#pragma once

#include "vit/train/run_config.hpp"
#include "vit/train/sweep.hpp"

#include "train/sweep/grid.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vit {

struct SweepRun {
  SweepPoint point;
  RunConfig config;
  std::filesystem::path folder;
  std::vector<std::string> words;  // its command, without how it starts (--resume auto)
};

class SweepPlanner {
 public:
  // `out` is the folder of the sweep. Both arguments outlive the planner. Throws ConfigError when a
  // base is not there.
  SweepPlanner(const SweepRequest& request, const SweepConfig& config, std::filesystem::path out);

  // The runs of these points, each with the configuration its process will come to. Throws
  // InvalidConfig with the problems of all of them, and what reading the weights throws.
  std::vector<SweepRun> plan(const std::vector<SweepPoint>& points);

 private:
  enum class Paths { kAsWritten, kFromHere };
  config::Document document(const std::vector<Assignment>& assignments, Paths paths);
  std::vector<Assignment> anchored(std::vector<Assignment> assignments);
  RunConfig configuration(const SweepPoint& point);
  std::vector<std::string> words(const SweepPoint& point) const;

  const SweepRequest& request_;
  const SweepConfig& config_;
  std::filesystem::path out_, program_;
  std::vector<std::string> bases_;
  config::Document base_;
  std::map<std::string, std::string> layers_;  // of vit-finetune, by init.layout
};

}  // namespace vit
