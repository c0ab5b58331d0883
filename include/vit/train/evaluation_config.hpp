// The keys of vit-eval beside those of the run it evaluates: given with --set like them.
#pragma once

#include "vit/config/document.hpp"
#include "vit/train/probe.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace vit {

// `classes`: how the classes of the data are those of the model, and which may be predicted.
struct ClassesConfig {
  enum class By { kName, kIndex };
  friend constexpr auto enum_names(By) {
    return std::array{std::pair{"name", By::kName}, std::pair{"index", By::kIndex}};
  }
  enum class Among { kAll, kPresent };
  friend constexpr auto enum_names(Among) {
    return std::array{std::pair{"all", Among::kAll}, std::pair{"present", Among::kPresent}};
  }

  By by = By::kName;
  std::filesystem::path map;
  Among among = Among::kAll;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&ClassesConfig::by>(
            "What the names of the data's classes are: name (of a class of the model), or index "
            "(its number there, as the folders of ImageNet-V2)."),
        field<&ClassesConfig::map>(
            "File that says which class of the model a class of the data is: a table that begins "
            "with the line class,index, or the names (or WordNet ids) of the model's classes, one "
            "a line, in its order."),
        field<&ClassesConfig::among>(
            "Classes that may be predicted: all of the model's, or those present among the labels "
            "(as ImageNet-A and -R are scored).")};
  }
  void check(config::Problems& problems) const {
    problems.require(map.empty() || by == By::kName, "map", "cannot be given with by: index");
  }
};

struct EvaluationConfig {
  ClassesConfig classes;
  ProbeSection few_shot{"few_shot"};
  ProbeSection knn{"knn"};

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&EvaluationConfig::classes>("The classes of the data and those of the model."),
        field<&EvaluationConfig::few_shot>(
            "A linear classifier on the features of a few examples a class; --few-shot LIST sets "
            "`shots`."),
        field<&EvaluationConfig::knn>(
            "k nearest neighbours in the features; --knn LIST sets `k`.")};
  }
  void check(config::Problems& problems) const;
};

// True for "few_shot.order=name" and the like: an assignment to a key of EvaluationConfig.
bool is_evaluation_key(std::string_view assignment);

}  // namespace vit
