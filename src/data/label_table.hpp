// CSV and TSV files that list pictures: a header line with at least the columns `file` and `label`,
// perhaps `split`; further columns do not count. Private to the data library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vit::detail {

struct TableLine {
  int64_t number = 0;  // in the file, from 1
  std::string file, label, split;
};

struct LabelTable {
  bool has_splits = false;  // there is a column `split`
  std::vector<TableLine> lines;
};

// Throws DataError naming file and line.
LabelTable read_label_table(const std::filesystem::path& path);

// True when the first line names the columns `file` and `label`.
bool looks_like_label_table(const std::filesystem::path& path);

// "labels.csv:17: this line WHAT"
[[noreturn]] void bad_line(const std::filesystem::path& path, int64_t line,
                           const std::string& what);

}  // namespace vit::detail
