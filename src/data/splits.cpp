// Split syntax: NAME or NAME[a:b], or several joined by +; see dataset.hpp.
#include "vit/core/error.hpp"
#include "vit/core/random.hpp"
#include "vit/core/text.hpp"

#include "datasets/datasets.hpp"
#include "joined.hpp"
#include "subset.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace vit {
namespace {

// One end of a slice: "800", "-100", "98%", "-10%".
struct Bound {
  double value = 0;
  bool percent = false;
  std::string text;
};

struct Slice {
  std::optional<Bound> from, to;
};

// What stands between two +.
struct SplitRequest {
  std::string text, name;
  std::optional<Slice> slice;
};

// The examples [begin, end) of a slice, within the natural order or the shuffled one.
struct Range {
  int64_t begin = 0, end = 0;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

[[noreturn]] void malformed(const std::string& split, const std::string& reason) {
  throw ConfigError(fmt::format(
      "split '{}': {}\nwrite NAME or NAME[from:to], e.g. train, train[:98%], train[98%:], "
      "train[:800], train[-100:], or several of these joined by +",
      split, reason));
}

std::optional<Bound> parse_bound(std::string_view text, const std::string& split) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  Bound bound{.text = std::string(text)};
  std::string_view number = text;
  if (number.back() == '%') {
    bound.percent = true;
    number = trimmed(number.substr(0, number.size() - 1));
  }
  const char* end = number.data() + number.size();
  const auto [stop, error] =
      std::from_chars(number.data(), end, bound.value, std::chars_format::fixed);
  if (error != std::errc() || stop != end) malformed(split, fmt::format("'{}' is no number", text));
  if (!std::isfinite(bound.value)) malformed(split, fmt::format("'{}' is no number", text));
  if (!bound.percent && (bound.value != std::floor(bound.value) || std::abs(bound.value) > 1e15)) {
    malformed(split, fmt::format("'{}' is neither a whole number nor a percentage", text));
  }
  if (bound.percent && std::abs(bound.value) > 100)
    malformed(split, fmt::format("'{}' is more than the whole", text));
  return bound;
}

SplitRequest parse_part(std::string_view text, const std::string& split) {
  text = trimmed(text);
  const size_t open = text.find('[');
  SplitRequest request{std::string(text), std::string(trimmed(text.substr(0, open))), {}};
  if (request.name.empty()) malformed(split, "the name of the split is missing");
  if (request.name.find(']') != std::string::npos) malformed(split, "']' without '['");
  if (open == std::string_view::npos) return request;
  if (text.back() != ']') malformed(split, "']' is missing at the end");
  const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  const size_t colon = inside.find(':');
  if (colon == std::string_view::npos) malformed(split, "a slice needs a ':'");
  request.slice = Slice{parse_bound(inside.substr(0, colon), split),
                        parse_bound(inside.substr(colon + 1), split)};
  return request;
}

// One or more.
std::vector<SplitRequest> parse_split(const std::string& split) {
  std::vector<SplitRequest> parts;
  for (std::string_view rest = split;;) {
    const size_t plus = rest.find('+');
    parts.push_back(parse_part(rest.substr(0, plus), split));
    if (plus == std::string_view::npos) return parts;
    rest.remove_prefix(plus + 1);
  }
}

// A percentage and its complement from the other end give the same place: [:90%] and [-10%:] meet.
int64_t place_of(const Bound& bound, int64_t size) {
  if (bound.percent) {
    const double percent = bound.value < 0 ? 100 + bound.value : bound.value;
    return std::llround(static_cast<double>(size) * percent / 100);
  }
  const auto place = static_cast<int64_t>(bound.value);
  return place < 0 ? size + place : place;
}

Range resolve(const Slice& slice, int64_t size, const std::string& split) {
  const int64_t begin = slice.from ? place_of(*slice.from, size) : 0;
  const int64_t end = slice.to ? place_of(*slice.to, size) : size;
  const Range range{std::clamp<int64_t>(begin, 0, size), std::clamp<int64_t>(end, 0, size)};
  if (range.begin >= range.end) {
    throw DataError(
        fmt::format("split '{}' is empty\nthe split has {} examples; the slice goes from {} to {}",
                    split, size, begin, end));
  }
  if (range.begin != begin || range.end != end) {
    spdlog::warn("split '{}' reaches beyond the {} examples there are: {} examples are used", split,
                 size, range.end - range.begin);
  }
  return range;
}

std::vector<int64_t> members_of(const Range& range, int64_t size, bool shuffled) {
  // The key is fixed, not the run's seed: every run and every program means the same examples by
  // "train[90%:]".
  const Random key = Random(0).stream("split");
  std::vector<int64_t> members;
  members.reserve(static_cast<size_t>(range.end - range.begin));
  for (int64_t place = range.begin; place < range.end; ++place) {
    members.push_back(shuffled ? permuted(place, size, key) : place);
  }
  if (shuffled) std::sort(members.begin(), members.end());
  return members;
}

// The source's own name for a split the user may have called by a synonym, or "".
std::string find_split(const DataSource& source, const std::string& name) {
  const std::vector<std::string> splits = source.splits();
  if (std::find(splits.begin(), splits.end(), name) != splits.end()) return name;
  for (const std::string& split : splits) {
    if (canonical_split(split) == canonical_split(name)) return split;
  }
  return "";
}

// One part of a split, and the examples of which it is made.
struct OpenedPart {
  std::string name;
  Range range;  // along the natural or the shuffled order: the same for all parts of a name
  std::unique_ptr<Dataset> data;
};

OpenedPart open_part(const DataSource& source, const SplitRequest& request) {
  OpenedPart part{find_split(source, request.name), {}, nullptr};
  if (part.name.empty()) {
    const std::vector<std::string> splits = source.splits();
    const std::string meant = closest(request.name, splits);
    throw DataError(fmt::format(
        "there is no split '{}' in this data{}\nthe splits are {}", request.name,
        meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant), join_words(splits)));
  }
  part.data = source.open(part.name);
  const int64_t size = part.data->size();
  part.range = {0, size};
  if (!request.slice) return part;
  part.range = resolve(*request.slice, size, request.text);
  if (part.range.begin == 0 && part.range.end == size) return part;
  part.data = std::make_unique<detail::Subset>(
      std::move(part.data), members_of(part.range, size, source.sorted_by_class()));
  return part;
}

void refuse_common_examples(const std::vector<OpenedPart>& parts, const std::string& split) {
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Range &a = parts[i].range, &b = parts[j].range;
      const int64_t common = std::min(a.end, b.end) - std::max(a.begin, b.begin);
      if (parts[i].name != parts[j].name || common <= 0) continue;
      throw ConfigError(
          fmt::format("split '{}': the parts {} and {} have {} examples of {} in common\n"
                      "joined parts must not share any",
                      split, j + 1, i + 1, common, parts[i].name));
    }
  }
}

}  // namespace

int64_t error_budget(const std::string& max_errors, int64_t examples) {
  if (trimmed(max_errors).empty()) return -1;
  double number = 0;
  std::string_view text = trimmed(max_errors);
  const bool percent = text.back() == '%';
  if (percent) text = trimmed(text.substr(0, text.size() - 1));
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const bool counts = percent ? number <= 100 : number == std::floor(number) && number < 1e15;
  if (error != std::errc() || stop != end || number < 0 || !counts) {
    throw ConfigError(fmt::format(
        "data.max_errors is '{}'; write a number of pictures or a percentage, e.g. 20 or '1 %'",
        max_errors));
  }
  return static_cast<int64_t>(percent ? static_cast<double>(examples) * number / 100 : number);
}

std::unique_ptr<Dataset> open_split(const DataSource& source, const std::string& split) {
  std::vector<SplitRequest> requests = parse_split(split);
  std::vector<OpenedPart> opened;
  for (const SplitRequest& request : requests) opened.push_back(open_part(source, request));
  refuse_common_examples(opened, split);
  if (opened.size() == 1) return std::move(opened.front().data);
  std::vector<std::unique_ptr<Dataset>> parts;
  for (OpenedPart& part : opened) parts.push_back(std::move(part.data));
  return std::make_unique<detail::Joined>(std::move(parts));
}

SplitNames resolve_splits(const DataSource& source, const std::string& train,
                          const std::string& val) {
  SplitNames names{train.empty() ? "train" : train, val};
  if (!val.empty()) return names;
  for (const char* candidate : {"val", "test"}) {
    names.val = find_split(source, candidate);
    if (!names.val.empty()) return names;
  }
  // Nothing to validate on: what training leaves over, or a tenth of it.
  const std::vector<SplitRequest> parts = parse_split(names.train);
  if (parts.size() > 1) {
    throw ConfigError(
        fmt::format("there is no split to validate on, and training uses several parts, '{}'\n"
                    "say what to validate on: data.val",
                    train));
  }
  const auto& [text, name, slice] = parts.front();
  if (!slice || (!slice->from && !slice->to)) return {name + "[:90%]", name + "[90%:]"};
  if (!slice->from) return {names.train, fmt::format("{}[{}:]", name, slice->to->text)};
  if (!slice->to) return {names.train, fmt::format("{}[:{}]", name, slice->from->text)};
  throw ConfigError(
      fmt::format("there is no split to validate on, and training uses the middle piece '{}'\n"
                  "say what to validate on, e.g. data.val: \"{}[90%:]\"",
                  train, name));
}

}  // namespace vit
