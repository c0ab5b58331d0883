#include "label_table.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

namespace vit::detail {
namespace {

using Fields = std::vector<std::string>;

// What the header line says.
struct Columns {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  char separator = ',';
  size_t file = kNone, label = kNone, split = kNone;
};

Columns columns_of(std::string_view header) {
  if (header.starts_with("\xEF\xBB\xBF")) header.remove_prefix(3);
  Columns columns;
  if (header.find('\t') != std::string_view::npos) columns.separator = '\t';
  const Fields names = csv_fields(header, columns.separator).value_or(Fields{});
  const auto place = [&](const char* name) {
    const auto at = std::find(names.begin(), names.end(), name);
    return at == names.end() ? Columns::kNone : static_cast<size_t>(at - names.begin());
  };
  columns.file = place("file");
  columns.label = place("label");
  columns.split = place("split");
  return columns;
}

std::string_view without_return(std::string_view line) {
  return line.substr(0, line.size() - (line.ends_with('\r') ? 1 : 0));
}

TableLine read_line(std::string_view text, const Columns& columns, int64_t number,
                    const fs::path& path) {
  std::optional<Fields> fields = csv_fields(text, columns.separator);
  if (!fields) bad_line(path, number, "opens a quote and does not close it");
  TableLine line{number, "", "", ""};
  const auto take = [&](size_t column, std::string& into) {
    if (column == Columns::kNone) return;
    if (column >= fields->size()) bad_line(path, number, "has too few columns");
    into = std::move((*fields)[column]);
  };
  take(columns.file, line.file);
  take(columns.label, line.label);
  take(columns.split, line.split);
  if (line.file.empty()) bad_line(path, number, "names no file");
  return line;
}

}  // namespace

LabelTable read_label_table(const fs::path& path) {
  const std::string text = read_text(path);
  std::string_view rest = text;
  const auto next_line = [&] {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return without_return(line);
  };
  const Columns columns = columns_of(next_line());
  for (const auto& [column, name] :
       {std::pair{columns.file, "file"}, std::pair{columns.label, "label"}}) {
    if (column == Columns::kNone) {
      throw DataError("label file '" + path.string() + "' has no column '" + name +
                      "'\nits first line must name the columns: file,label");
    }
  }
  LabelTable table{columns.split != Columns::kNone, {}};
  for (int64_t number = 2; !rest.empty(); ++number) {
    const std::string_view line = next_line();
    if (!line.empty()) table.lines.push_back(read_line(line, columns, number, path));
  }
  if (table.lines.empty()) throw DataError("label file '" + path.string() + "' lists no images");
  return table;
}

bool looks_like_label_table(const fs::path& path) {
  constexpr size_t kLongestHeader = 4096;
  std::string head(kLongestHeader, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  const Columns columns =
      columns_of(without_return(std::string_view(head).substr(0, head.find('\n'))));
  return columns.file != Columns::kNone && columns.label != Columns::kNone;
}

void bad_line(const fs::path& path, int64_t line, const std::string& what) {
  throw DataError("label file " + path.string() + ":" + std::to_string(line) + ": this line " +
                  what);
}

}  // namespace vit::detail
