#include "class_labels.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include "datasets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace vit {
namespace {

constexpr int64_t kMostClasses = 1'000'000;  // a number beyond it is no label

// The number the text is, or -1.
int64_t number_in(const std::string& text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && value >= 0 ? value : -1;
}

}  // namespace

std::vector<std::string> read_class_names(const fs::path& file) {
  const std::string text = read_text(file);
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() && rest.empty()) break;
    names.emplace_back(line);
    if (line.empty() || !seen.insert(names.back()).second) {
      throw DataError(fmt::format(
          "{}:{}: the class name '{}' {}\nwrite one name a line, in the "
          "order of the labels",
          file.string(), names.size(), line, line.empty() ? "is empty" : "is there twice"));
    }
  }
  if (names.empty()) throw DataError(fmt::format("'{}' holds no class names", file.string()));
  return names;
}

int32_t ClassLabels::add(std::string_view text, const std::string& split,
                         const std::string& where) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  if (text.empty()) throw DataError(fmt::format("{} has an empty label", where));
  const auto [at, is_new] =
      handles_.try_emplace(std::string(text), static_cast<int32_t>(labels_.size()));
  if (is_new) labels_.push_back({at->first, where, number_in(at->first), false});
  if (split == "train") labels_[static_cast<size_t>(at->second)].is_trained = true;
  return at->second;
}

void ClassLabels::resolve(std::vector<std::string> names) {
  classes_ = std::move(names);
  const auto is_number = [](const Label& label) { return label.number >= 0; };
  if (!classes_.empty()) return look_up();
  const auto name = std::find_if_not(labels_.begin(), labels_.end(), is_number);
  if (name == labels_.end()) return resolve_numbers();
  const auto number = std::find_if(labels_.begin(), labels_.end(), is_number);
  if (number == labels_.end()) return resolve_names();
  throw DataError(
      fmt::format("some labels are numbers, others are names: '{}' in {}, '{}' in {}\n"
                  "name the classes in a file, one a line, and give it as data.class_names",
                  number->text, number->where, name->text, name->where));
}

void ClassLabels::resolve_numbers() {
  int64_t count = 0;
  for (const Label& label : labels_) {
    if (label.number >= kMostClasses) {
      throw DataError(
          fmt::format("{} has the label {}, which is no class number", label.where, label.text));
    }
    numbers_.push_back(label.number);
    count = std::max(count, label.number + 1);
  }
  classes_ = numbered_classes(count);
}

void ClassLabels::resolve_names() {
  const bool no_train = std::none_of(labels_.begin(), labels_.end(),
                                     [](const Label& label) { return label.is_trained; });
  for (const Label& label : labels_) {
    if (no_train || label.is_trained) classes_.push_back(label.text);
  }
  std::sort(classes_.begin(), classes_.end());
  look_up();
}

void ClassLabels::look_up() {
  std::unordered_map<std::string_view, int64_t> places;
  for (const std::string& name : classes_) places.emplace(name, places.size());
  const auto count = static_cast<int64_t>(classes_.size());
  for (const Label& label : labels_) {
    const auto at = places.find(label.text);
    const int64_t number = at != places.end() ? at->second : label.number;
    if (number < 0) {
      const std::string meant = closest(label.text, classes_);
      throw DataError(fmt::format("{} has the label '{}', which is none of the {} classes{}",
                                  label.where, label.text, count,
                                  meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
    }
    if (number >= count) {
      throw DataError(
          fmt::format("{} has the label {}, but there are {} classes", label.where, number, count));
    }
    numbers_.push_back(number);
  }
}

}  // namespace vit
