#include "datasets.hpp"

#include "vit/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace vit {

std::string canonical_split(const std::string& name) {
  if (name == "valid" || name == "validation") return "val";
  if (name == "training") return "train";
  if (name == "testing") return "test";
  return name;
}

bool is_usual_split(const std::string& canonical_name) {
  return canonical_name == "train" || canonical_name == "val" || canonical_name == "test";
}

namespace {

bool is_archive(const std::string& name) {
  for (const char* ending :
       {".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar.bz2", ".zip"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

}  // namespace

void require_folder(const fs::path& root) {
  std::error_code error;
  const fs::file_status status = fs::status(root, error);
  if (fs::is_directory(status)) return;
  if (status.type() == fs::file_type::not_found) {
    throw DataError(fmt::format(
        "data folder '{}' does not exist\nset data.root to the folder of the data", root.string()));
  }
  if (error)
    throw DataError(
        fmt::format("data folder '{}' cannot be read: {}", root.string(), error.message()));
  const std::string name = root.filename().string();
  const char* advice = holds_tars(root)   ? "a tar is read as it is: data.name: tar"
                       : is_archive(name) ? "unpack it and name the folder"
                                          : "name the folder that holds it";
  throw DataError(fmt::format("'{}' is a file, not a folder\n{}", root.string(), advice));
}

std::vector<FolderEntry> list_folder(const fs::path& folder) {
  std::error_code error;
  std::vector<FolderEntry> entries;
  fs::directory_iterator entry(folder, error);
  while (!error && entry != fs::directory_iterator()) {
    std::error_code unknown;
    const bool is_folder =
        entry->is_directory(unknown);  // no system call: the listing tells, except for links
    std::string name = entry->path().filename().string();
    if (!name.starts_with('.')) entries.push_back({std::move(name), is_folder});
    entry.increment(error);
  }
  if (error)
    throw DataError(
        fmt::format("folder '{}' cannot be read: {}", folder.string(), error.message()));
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

std::string found_in(const fs::path& folder) {
  constexpr size_t kShown = 6;
  std::vector<FolderEntry> entries = list_folder(folder);
  if (entries.empty()) return "found       nothing: the folder is empty";
  // Archives first: they are most often the explanation.
  std::stable_partition(entries.begin(), entries.end(),
                        [](const FolderEntry& entry) { return is_archive(entry.name); });
  std::string text = "found       ";
  for (size_t i = 0; i < std::min(kShown, entries.size()); ++i) {
    text += (i > 0 ? ", " : "") + entries[i].name + (entries[i].is_folder ? "/" : "");
  }
  if (entries.size() > kShown) text += fmt::format(" and {} more", entries.size() - kShown);
  if (is_archive(entries[0].name))
    text += fmt::format("  -> {} is a packed download: unpack it", entries[0].name);
  return text;
}

std::vector<std::string> numbered_classes(int64_t n) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < n; ++i) names.push_back(std::to_string(i));
  return names;
}

}  // namespace vit
