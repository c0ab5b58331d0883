// Pictures that a CSV or TSV lists with their labels.
#include "vit/core/error.hpp"

#include "datasets.hpp"
#include "shard_list.hpp"
#include "table_source.hpp"

#include <fmt/format.h>

#include <map>

namespace vit {

struct CsvConfig {
  std::filesystem::path root;
  std::filesystem::path table;
  std::filesystem::path class_names;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&CsvConfig::root>("Folder the files are relative to, or the CSV itself.", not_empty),
        field<&CsvConfig::table>(
            "CSV or TSV with the columns file, label (a number or a name) and perhaps split "
            "(empty: those in the folder, one for each split, e.g. train.csv and val.csv)."),
        field<&CsvConfig::class_names>(
            "File of class names, one a line in label order (empty: from the labels).")};
  }
};

namespace {

bool is_table(const fs::path& path) {
  const fs::path ending = path.extension();
  return (ending == ".csv" || ending == ".tsv") && detail::looks_like_label_table(path);
}

// Where the tables are, and the folder their files lie in.
struct Tables {
  fs::path folder;
  std::vector<ShardPlace> places;
};

Tables find_tables(const CsvConfig& config) {
  std::error_code unknown;
  if (!config.table.empty()) return {config.root, find_shards(config.table, is_table)};
  if (fs::is_regular_file(config.root, unknown)) {
    return {config.root.parent_path(), find_shards(config.root, is_table)};
  }
  require_folder(config.root);
  Tables tables{config.root, find_shards(config.root, is_table)};
  std::map<std::string, fs::path> by_split;
  for (const ShardPlace& place : tables.places) {
    const auto [other, is_new] = by_split.emplace(place.split, place.path);
    if (is_new) continue;
    throw DataError(fmt::format(
        "'{}' and '{}' both list pictures of {}\nsay which one with data.table",
        other->second.string(), place.path.string(),
        place.split.empty() ? "no split by their name" : "split '" + place.split + "'"));
  }
  return tables;
}

std::unique_ptr<DataSource> build_csv(const CsvConfig& config) {
  const Tables tables = find_tables(config);
  if (tables.places.empty()) {
    throw DataError(
        fmt::format("data.root '{0}' holds no table of pictures\nlooked for  {0}/*.csv and "
                    "{0}/*.tsv whose first "
                    "line names the columns file and label\n{1}",
                    config.root.string(), found_in(config.root)));
  }
  std::vector<std::string> names;
  if (!config.class_names.empty()) names = read_class_names(config.class_names);
  std::vector<ReadTable> read;
  for (const ShardPlace& place : tables.places) {
    read.push_back({place.path, place.split.empty() ? "train" : place.split,
                    detail::read_label_table(place.path)});
  }
  return std::make_unique<TableSource>("csv", tables.folder, read, std::move(names));
}

}  // namespace

bool holds_label_table(const fs::path& path) {
  std::error_code unknown;
  if (fs::is_regular_file(path, unknown)) return is_table(path);
  return !find_shards(path, is_table).empty();
}

void add_csv(Datasets::Catalog& datasets) {
  datasets.add<CsvConfig>("csv", "Images that a CSV or TSV lists with their labels.", build_csv);
}

}  // namespace vit
