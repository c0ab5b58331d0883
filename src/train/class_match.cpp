#include "class_match.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/data/label_map.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

namespace vit {
namespace {

constexpr const char* kMapAdvice =
    "say which class is which with --label-map FILE, or fine-tune the model on these data "
    "(vit-finetune)";

// Classes that are named by the number of the model's class.
std::vector<int64_t> by_number(const std::vector<std::string>& own, int64_t outputs) {
  std::vector<int64_t> labels;
  for (const std::string& name : own) {
    const int64_t number = class_number(name).value_or(-1);
    if (number < 0 || number >= outputs) {
      throw DataError(fmt::format(
          "class '{}' of the data is no class number of the model, which has {} classes\n"
          "classes.by=index is for folders named 0, 1, 2, ...",
          name, outputs));
    }
    labels.push_back(number);
  }
  return labels;
}

ClassMatch by_map(const std::vector<std::string>& own, const std::vector<std::string>& known,
                  int64_t outputs, const std::filesystem::path& file) {
  const LabelMap map = read_label_map(file);
  const auto listed = static_cast<int64_t>(map.model_classes.size());
  if (listed > 0 && listed != outputs) {
    throw DataError(fmt::format(
        "label map '{}' lists {} classes, the model tells {} apart\na list has one line for each "
        "class of the model; a table of the data's classes begins with the line class,index",
        file.string(), listed, outputs));
  }
  ClassMatch match{{}, listed > 0 ? map.model_classes : known, ""};
  for (const std::string& name : own) {
    const auto at = map.index_of.find(name);
    if (at == map.index_of.end()) {
      throw DataError(fmt::format("class '{}' of the data is not in label map '{}'\nadd it there",
                                  name, file.string()));
    }
    if (at->second >= outputs) {
      throw DataError(
          fmt::format("label map '{}' gives class '{}' the number {}\nthe model has "
                      "classes 0 to {}",
                      file.string(), name, at->second, outputs - 1));
    }
    match.labels.push_back(at->second);
  }
  return match;
}

ClassMatch by_name(const std::vector<std::string>& own, const std::vector<std::string>& known) {
  ClassMatch match{{}, known, ""};
  std::unordered_map<std::string, int64_t> place;
  for (size_t i = 0; i < known.size(); ++i) place.emplace(known[i], static_cast<int64_t>(i));
  for (const std::string& name : own) {
    const auto at = place.find(name);
    if (at == place.end()) {
      const auto shown = std::span(known).first(std::min<size_t>(8, known.size()));
      match.misfit = fmt::format(
          "class '{}' of the data is not among the {} classes of the model\nits classes: {}{}\n{}",
          name, known.size(), join(shown, ", "), known.size() > 8 ? ", ..." : "", kMapAdvice);
      return match;
    }
    match.labels.push_back(at->second);
  }
  return match;
}

}  // namespace

ClassMatch match_classes(const std::vector<std::string>& own, const std::vector<std::string>& known,
                         int64_t outputs, const ClassesConfig& config) {
  if (outputs == 0) return {{}, {}, "the weights have no classification head"};
  if (!config.map.empty()) return by_map(own, known, outputs, config.map);
  if (config.by == ClassesConfig::By::kIndex) return {by_number(own, outputs), known, ""};
  if (own == known) return {{}, known, ""};
  if (!known.empty()) return by_name(own, known);
  ClassMatch match{{}, own, ""};
  const auto classes = static_cast<int64_t>(own.size());
  if (classes != outputs) {
    match.misfit = fmt::format("the data have {} classes, the model tells {} apart\n{}", classes,
                               outputs, kMapAdvice);
  } else if (const auto at = first_out_of_order(own)) {
    match.misfit = fmt::format(
        "the classes of the data are numbers, but counted in the order of words, '{}' before '{}'\n"
        "if they are the numbers of the model's classes, say so: --set classes.by=index",
        own[*at], own[*at + 1]);
  }
  return match;
}

}  // namespace vit
