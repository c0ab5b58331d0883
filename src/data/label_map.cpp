#include "vit/data/label_map.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace vit {
namespace {

[[noreturn]] void bad_line(const fs::path& file, int64_t number, const std::string& what) {
  throw DataError("label map " + file.string() + ":" + std::to_string(number) + ": this line " +
                  what);
}

std::string_view trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t\r"), to = text.find_last_not_of(" \t\r");
  return from == std::string_view::npos ? std::string_view() : text.substr(from, to - from + 1);
}

// "n01440764" of "n01440764 tench, Tinca tinca"; "" when there is none.
std::string_view wordnet_id(std::string_view line) {
  const std::string_view word = line.substr(0, line.find_first_of(" \t,"));
  const bool is_id = word.size() == 9 && word[0] == 'n' &&
                     word.find_first_not_of("0123456789", 1) == std::string_view::npos;
  return is_id ? word : std::string_view();
}

// A class name may hold commas, or stand in quotes.
void add_pair(std::string_view line, int64_t number, const fs::path& file, LabelMap& map) {
  const size_t comma = line.rfind(',');
  if (comma == std::string_view::npos) bad_line(file, number, "has no comma");
  std::string_view name = trimmed(line.substr(0, comma));
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
    name = name.substr(1, name.size() - 2);
  const std::string text(trimmed(line.substr(comma + 1)));
  const std::optional<int64_t> index = class_number(text);
  if (!index) bad_line(file, number, "ends in '" + text + "', which is no class number");
  if (!map.index_of.emplace(name, *index).second)
    bad_line(file, number, "names class '" + std::string(name) + "' a second time");
}

void add_class(std::string_view line, int64_t number, const fs::path& file, LabelMap& map) {
  const auto index = static_cast<int64_t>(map.model_classes.size());
  if (!map.index_of.emplace(line, index).second)
    bad_line(file, number, "names class '" + std::string(line) + "' a second time");
  const std::string_view id = wordnet_id(line);
  if (!id.empty() && id != line && !map.index_of.emplace(id, index).second)
    bad_line(file, number, "has the WordNet id of an earlier class, '" + std::string(id) + "'");
  map.model_classes.emplace_back(line);
}

}  // namespace

LabelMap read_label_map(const fs::path& file) {
  const std::string text = read_text(file);
  LabelMap map;
  bool is_table = false;
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  for (int64_t number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    if (number == 1 && line == "class,index") {
      is_table = true;
    } else if (is_table) {
      add_pair(line, number, file, map);
    } else {
      add_class(line, number, file, map);
    }
  }
  if (map.index_of.empty()) {
    throw DataError("label map '" + file.string() +
                    "' names no class\nwrite the model's classes, one a line, or a table that "
                    "begins with class,index");
  }
  return map;
}

std::optional<int64_t> class_number(const std::string& name) {
  int64_t number = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stop != end || number < 0) return std::nullopt;
  return number;
}

std::optional<size_t> first_out_of_order(const std::vector<std::string>& names) {
  std::vector<int64_t> numbers;
  for (const std::string& name : names) {
    const std::optional<int64_t> number = class_number(name);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  const auto end = std::is_sorted_until(numbers.begin(), numbers.end());
  if (end == numbers.end()) return std::nullopt;
  return static_cast<size_t>(end - numbers.begin()) - 1;
}

}  // namespace vit
