#include "tfds_folder.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "datasets.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <optional>
#include <regex>
#include <set>

namespace vit {
namespace {

using Json = nlohmann::json;

// A number, or the digits of one: JSON of protocol buffers writes int64 as text.
std::optional<int64_t> whole_number(const Json& value) {
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.get_ref<const std::string&>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

std::optional<int64_t> sum_of(const Json& lengths) {
  if (!lengths.is_array() || lengths.empty()) return std::nullopt;
  int64_t sum = 0;
  for (const Json& length : lengths) {
    const std::optional<int64_t> number = whole_number(length);
    if (!number) return std::nullopt;
    sum += *number;
  }
  return sum;
}

}  // namespace

std::string missing_shard(const std::vector<ShardPlace>& places) {
  // What is before the number and after it, and how many there are, of the files that belong
  // together; and the numbers that are there.
  std::map<std::tuple<std::string, std::string, std::string>, std::set<int64_t>> sets;
  const std::regex numbered("(.*-)([0-9]{1,9})-of-([0-9]{1,9})(.*)");
  for (const ShardPlace& place : places) {
    std::smatch part;
    const std::string path = place.path.string();
    if (!std::regex_match(path, part, numbered)) continue;
    sets[{part[1], part[3], part[4]}].insert(std::stoll(part[2]));
  }
  for (const auto& [name, numbers] : sets) {
    const auto& [before, count, after] = name;
    for (int64_t i = 0; i < std::stoll(count); ++i) {
      if (numbers.contains(i)) continue;
      const std::string file =
          fmt::format("{}{:0{}}-of-{}{}", before, i, count.size(), count, after);
      return fs::path(file).filename().string();
    }
  }
  return "";
}

std::map<std::string, int64_t> records_in_tfds_info(const fs::path& file) {
  const Json json = Json::parse(read_text(file), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) throw DataError(fmt::format("'{}' is no JSON object", file.string()));
  std::map<std::string, int64_t> records;
  const auto splits = json.find("splits");
  if (splits == json.end() || !splits->is_array()) return records;
  for (const Json& split : *splits) {
    if (!split.is_object() || !split.contains("name") || !split["name"].is_string()) continue;
    const std::optional<int64_t> sum = sum_of(split.value("shardLengths", Json()));
    if (sum) records[canonical_split(split["name"].get<std::string>())] = *sum;
  }
  return records;
}

}  // namespace vit
