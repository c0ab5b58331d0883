#include "table_source.hpp"

#include "vit/core/error.hpp"

#include "../listed_files.hpp"

#include <fmt/format.h>

#include <utility>

namespace vit {

TableSource::TableSource(std::string kind, fs::path folder, const std::vector<ReadTable>& tables,
                         std::vector<std::string> class_names)
    : folder_(std::move(folder)) {
  for (const ReadTable& table : tables) add(table);
  labels_.resolve(std::move(class_names));
  info_ = {std::move(kind), labels_.classes(), 3};
}

std::unique_ptr<Dataset> TableSource::open(const std::string& split) const {
  VIT_CHECK(splits_.contains(split), "open() takes one of splits()");
  const ImageList& files = splits_.at(split);
  ImageList labelled;
  for (int64_t i = 0; i < files.size(); ++i) {
    labelled.add(files.name(i), labels_.number(static_cast<int32_t>(files.label(i))));
  }
  return std::make_unique<detail::ListedFiles>(folder_, std::move(labelled));
}

void TableSource::add(const ReadTable& table) {
  check_folder(table.path, table.content.lines.front());
  for (const detail::TableLine& line : table.content.lines) {
    const bool says_split = table.content.has_splits;
    if (says_split && line.split.empty())
      detail::bad_line(table.path, line.number, "names no split");
    if (line.label.empty()) detail::bad_line(table.path, line.number, "has no label");
    const std::string split = says_split ? canonical_split(line.split) : table.split;
    const std::string where = fmt::format("{}:{}", table.path.string(), line.number);
    splits_[split].add(line.file, labels_.add(line.label, split, where));
  }
}

// One look tells a wrong root; the other files are looked at when they are read.
void TableSource::check_folder(const fs::path& table, const detail::TableLine& first) const {
  std::error_code unknown;
  if (fs::exists(folder_ / first.file, unknown)) return;
  detail::bad_line(table, first.number,
                   fmt::format("names '{}', which does not exist\ndata.root must be the folder "
                               "that the files are relative to",
                               (folder_ / first.file).string()));
}

}  // namespace vit
