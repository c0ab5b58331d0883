#include "real_accuracy.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>

namespace vit {
namespace {

constexpr size_t kImages = 50000;
constexpr int64_t kClasses = 1000;

// A list that is longer or shorter gives every image after the difference another one's labels.
nlohmann::json read_lists(const fs::path& file) {
  auto labels = nlohmann::json::parse(read_text(file), nullptr, /*allow_exceptions=*/false);
  const std::string advice = "\nit should be real.json, a list of lists of class numbers";
  if (!labels.is_array())
    throw DataError("ReaL labels '" + file.string() + "' are not a JSON list of lists" + advice);
  if (labels.size() != kImages) {
    throw DataError(
        fmt::format("ReaL labels '{}' are for {} images, but ImageNet has {} validation images{}",
                    file.string(), labels.size(), kImages, advice));
  }
  const auto is_class = [](const auto& entry) {
    return entry.is_number_integer() && entry >= 0 && entry < kClasses;
  };
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].is_array() && std::all_of(labels[i].begin(), labels[i].end(), is_class)) continue;
    throw DataError(
        fmt::format("entry {} of ReaL labels '{}' is no list of class numbers, 0 to 999{}", i + 1,
                    file.string(), advice));
  }
  return labels;
}

}  // namespace

RealLabels read_real_labels(const fs::path& file, const std::vector<std::string>& names) {
  const nlohmann::json lists = read_lists(file);
  RealLabels right;
  for (const std::string& name : names) {
    const size_t at = name.rfind("_val_");
    const int64_t number = at == std::string::npos ? 0 : std::atoll(name.c_str() + at + 5);
    if (number < 1 || number > static_cast<int64_t>(kImages)) {
      throw DataError(
          "'" + name + "' has no entry in '" + file.string() +
          "'\nReaL labels go with ImageNet's validation images, named ILSVRC2012_val_<number>");
    }
    right.push_back(lists[static_cast<size_t>(number - 1)].get<std::vector<int64_t>>());
  }
  return right;
}

RealAccuracy score_real(const RealLabels& right, const std::vector<Prediction>& predictions) {
  RealAccuracy accuracy;
  for (size_t i = 0; i < right.size(); ++i) {
    if (right[i].empty() || !predictions[i].is_read) continue;
    ++accuracy.n;
    accuracy.count += std::ranges::count(right[i], predictions[i].predicted) > 0;
  }
  return accuracy;
}

}  // namespace vit
