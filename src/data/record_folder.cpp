#include "record_folder.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "record_shard.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace vit::detail {
namespace {

constexpr const char* kFile = "records.json";
constexpr const char* kFormat = "vit records 1";

}  // namespace

fs::path RecordFolder::shard_path(const fs::path& folder, const std::string& split,
                                  int64_t number) {
  return folder / fmt::format("{}-{:05}{}", split, number, kRecordEnding);
}

bool is_record_folder(const fs::path& folder) {
  std::error_code unknown;
  return fs::is_regular_file(folder / kFile, unknown);
}

RecordFolder read_record_folder(const fs::path& folder) {
  const fs::path path = folder / kFile;
  const auto json = nlohmann::json::parse(read_text(path), nullptr, false);
  if (!json.is_object() || json.value("format", nlohmann::json()) != kFormat) {
    throw DataError(
        fmt::format("'{}' is not of the format '{}'\npack the data again", path.string(), kFormat));
  }
  try {
    RecordFolder content;
    content.info = {"records", json.at("classes").get<std::vector<std::string>>(),
                    json.at("channels").get<int64_t>()};
    content.sorted_by_class = json.at("sorted_by_class").get<bool>();
    content.fingerprint = json.at("fingerprint").get<uint64_t>();
    content.shards = json.at("shards").get<std::map<std::string, int64_t>>();
    return content;
  } catch (const nlohmann::json::exception& error) {
    throw DataError(
        fmt::format("'{}' is damaged: {}\npack the data again", path.string(), error.what()));
  }
}

void write_record_folder(const fs::path& folder, const RecordFolder& content) {
  const nlohmann::ordered_json json = {{"format", kFormat},
                                       {"channels", content.info.channels},
                                       {"sorted_by_class", content.sorted_by_class},
                                       {"fingerprint", content.fingerprint},
                                       {"shards", content.shards},
                                       {"classes", content.info.classes}};
  write_atomically(folder / kFile, json.dump(1) + "\n");
}

}  // namespace vit::detail
