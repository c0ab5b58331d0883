// A sweep file as a struct.
#pragma once

#include "vit/config/problems.hpp"
#include "vit/config/schema.hpp"
#include "vit/config/yaml.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vit {

enum class SweepProgram { kTrain, kFinetune };
constexpr auto enum_names(SweepProgram) {
  return std::array{std::pair{"train", SweepProgram::kTrain},
                    std::pair{"finetune", SweepProgram::kFinetune}};
}

enum class SweepMetric { kTop1, kTop5, kLoss };
constexpr auto enum_names(SweepMetric) {
  return std::array{std::pair{"top1", SweepMetric::kTop1}, std::pair{"top5", SweepMetric::kTop5},
                    std::pair{"loss", SweepMetric::kLoss}};
}

enum class SweepMoment { kLast, kBest };
constexpr auto enum_names(SweepMoment) {
  return std::array{std::pair{"last", SweepMoment::kLast}, std::pair{"best", SweepMoment::kBest}};
}

struct SelectConfig {
  std::string train = "train[:90%]";
  std::string val = "train[90%:]";
  SweepMetric metric = SweepMetric::kTop1;
  SweepMoment at = SweepMoment::kLast;
  std::string retrain = "train";
  std::string test = "test";
  std::vector<int64_t> seeds = {0, 1, 2};

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&SelectConfig::train>("Split the points train on.", not_empty),
        field<&SelectConfig::val>(
            "Split they are compared on, carved out of train: the paper takes 10 % of Pets and "
            "Flowers, 2 % of CIFAR, 1 % of ImageNet.",
            not_empty),
        field<&SelectConfig::metric>(
            "What decides: the mean over the seeds; averaged weights count where there are any."),
        field<&SelectConfig::at>(
            "Which evaluation of a run counts: its last, or the one with its best top-1."),
        field<&SelectConfig::retrain>(
            "Split the chosen point is trained on afterwards (empty: only choose)."),
        field<&SelectConfig::test>(
            "Split that only these last runs see, and only when they are done.", not_empty),
        field<&SelectConfig::seeds>("Of the last runs, one each.", non_negative, not_empty)};
  }
  void check(config::Problems& problems) const;
};

struct SweepConfig {
  SweepProgram program = SweepProgram::kTrain;
  std::vector<std::string> base;
  std::filesystem::path weights;
  std::filesystem::path data;
  std::string model;
  config::Yaml set;
  config::Yaml axes;
  std::vector<int64_t> seeds;
  std::optional<SelectConfig> select;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&SweepConfig::program>("What each point runs: vit-train, or vit-finetune."),
        field<&SweepConfig::base>(
            "Configurations every point starts from, later ones win: files beside this one, or "
            "names of shipped ones."),
        field<&SweepConfig::weights>("Of vit-finetune: weight file, checkpoint or run."),
        field<&SweepConfig::data>("Of vit-finetune: the images."),
        field<&SweepConfig::model>(
            "Of vit-finetune: architecture of weights that do not say which they are."),
        field<&SweepConfig::set>("Configuration keys of every point: {steps: 500 steps}."),
        field<&SweepConfig::axes>(
            "What varies. A key with a list of its values, {schedule.lr: [0.01, 0.03]}; or a name "
            "of your own with named choices that set several keys each, "
            "{size: {small: {model.width: 64}, large: {model.width: 128, steps: 9 epochs}}}."),
        field<&SweepConfig::seeds>("A run each at every point of the grid (empty: one run).",
                                   non_negative),
        field<&SweepConfig::select>("Choose the best point without looking at the test data.")};
  }
  void check(config::Problems& problems) const;
};

}  // namespace vit
