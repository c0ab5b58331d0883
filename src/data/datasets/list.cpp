// Text files that list the pictures of a split, a path and a label on each line, as Caffe's lists
// and the published folders of VTAB-1k: train800.txt, val200.txt, test.txt.
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "datasets.hpp"
#include "table_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string_view>

namespace vit {

struct ListConfig {
  std::filesystem::path root;
  std::filesystem::path class_names;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&ListConfig::root>(
            "Folder with a text file for each split (train800.txt), whose lines are a file "
            "relative to the folder and its label, a number or a name.",
            not_empty),
        field<&ListConfig::class_names>(
            "File of class names, one a line in label order (empty: from the labels).")};
  }
};

namespace {

// The label is the last word: names of files may have spaces.
std::optional<detail::TableLine> line_of(std::string_view text, int64_t number) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  const auto gap = std::find_if(text.rbegin(), text.rend(), is_space).base();
  if (gap == text.begin()) return std::nullopt;
  std::string_view file(text.begin(), gap);
  const std::string_view label(gap, text.end());
  while (!file.empty() && is_space(file.back())) file.remove_suffix(1);
  if (file.empty()) return std::nullopt;
  return detail::TableLine{number, std::string(file), std::string(label), ""};
}

// A .txt file may be anything; a list begins with a picture and its label.
bool is_list(const fs::path& path) {
  if (path.extension() != ".txt") return false;
  std::ifstream file(path);
  std::string first;
  constexpr std::streamsize kLongest = 4096;
  first.resize(kLongest);
  file.read(first.data(), kLongest);
  first.resize(static_cast<size_t>(file.gcount()));
  const auto line = line_of(std::string_view(first).substr(0, first.find('\n')), 1);
  return line && is_image_name(fs::path(line->file).filename().string());
}

std::vector<fs::path> find_lists(const fs::path& folder) {
  std::vector<fs::path> lists;
  for (const FolderEntry& entry : list_folder(folder)) {
    if (!entry.is_folder && is_list(folder / entry.name)) lists.push_back(folder / entry.name);
  }
  return lists;
}

detail::LabelTable read_list(const fs::path& path) {
  const std::string text = read_text(path);
  detail::LabelTable table;
  int64_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto read = line_of(line, number);
    if (!read) detail::bad_line(path, number, "is not a file and its label: images/1.jpg 5");
    table.lines.push_back(*read);
  }
  return table;
}

std::unique_ptr<DataSource> build_list(const ListConfig& config) {
  require_folder(config.root);
  std::vector<ReadTable> tables;
  for (const fs::path& path : find_lists(config.root)) {
    tables.push_back({path, canonical_split(path.stem().string()), read_list(path)});
  }
  if (tables.empty()) {
    throw DataError(fmt::format(
        "data.root '{0}' holds no lists of pictures\nlooked for  {0}/*.txt with lines such as "
        "\"images/1.jpg 5\"\n{1}",
        config.root.string(), found_in(config.root)));
  }
  std::vector<std::string> names;
  if (!config.class_names.empty()) names = read_class_names(config.class_names);
  return std::make_unique<TableSource>("list", config.root, tables, std::move(names));
}

}  // namespace

bool holds_image_lists(const fs::path& folder) { return !find_lists(folder).empty(); }

void add_list(Datasets::Catalog& datasets) {
  datasets.add<ListConfig>("list", "Text files that list pictures and labels, one for each split.",
                           build_list);
}

}  // namespace vit
