#include "image_list.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include "datasets.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>

namespace vit {

std::string_view ImageList::name(int64_t index) const {
  const auto i = static_cast<size_t>(index);
  const size_t begin = i == 0 ? 0 : ends_.at(i - 1);
  return std::string_view(names_).substr(begin, ends_.at(i) - begin);
}

void ImageList::add(std::string_view name, int64_t label) {
  names_ += name;
  ends_.push_back(names_.size());
  labels_.push_back(static_cast<int32_t>(label));
}

bool is_image_name(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.starts_with('.')) return false;
  std::string ending(name.substr(dot + 1));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return ending == "jpg" || ending == "jpeg" || ending == "png" || ending == "webp";
}

std::vector<std::string> folders_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (FolderEntry& entry : list_folder(folder)) {
    if (entry.is_folder) names.push_back(std::move(entry.name));
  }
  return names;
}

bool has_images(const fs::path& folder) {
  const std::vector<FolderEntry> entries = list_folder(folder);
  return std::any_of(entries.begin(), entries.end(), [](const FolderEntry& entry) {
    return !entry.is_folder && is_image_name(entry.name);
  });
}

namespace {

struct Ignored {
  int64_t count = 0;
  std::string first;
};

void add_images(const fs::path& folder, const std::string& prefix, int64_t label, ImageList& list,
                Ignored& ignored, int depth = 0) {
  constexpr int kDeepest = 16;  // links may go in circles
  if (depth > kDeepest)
    throw DataError(fmt::format("folder '{}' is nested too deeply", folder.string()));
  for (const auto& [name, is_folder] : list_folder(folder)) {
    const std::string relative = prefix + "/" + name;
    if (is_folder) {
      add_images(folder / name, relative, label, list, ignored, depth + 1);
    } else if (is_image_name(name)) {
      list.add(relative, label);
    } else if (ignored.count++ == 0) {
      ignored.first = relative;
    }
  }
}

}  // namespace

int64_t add_images_below(const fs::path& folder, ImageList& list) {
  const int64_t before = list.size();
  std::string prefix = folder.string();
  while (prefix.size() > 1 && prefix.ends_with('/')) prefix.pop_back();
  Ignored ignored;
  add_images(folder, prefix == "/" ? "" : prefix, -1, list, ignored);
  return list.size() - before;
}

void unknown_class(const fs::path& class_folder, const std::vector<std::string>& classes) {
  const std::string meant = closest(class_folder.filename().string(), classes);
  throw DataError(fmt::format(
      "'{}' is no class of the training split{}\nthe {} classes are {}{}", class_folder.string(),
      meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant), classes.size(),
      join(std::span(classes).first(std::min<size_t>(classes.size(), 12)), ", "),
      classes.size() > 12 ? ", ..." : ""));
}

ImageList list_images(const fs::path& folder, const std::vector<std::string>& classes) {
  ImageList list;
  Ignored ignored;
  for (const std::string& name : folders_in(folder)) {
    const auto known = std::lower_bound(classes.begin(), classes.end(), name);
    if (known == classes.end() || *known != name) unknown_class(folder / name, classes);
    const int64_t before = list.size();
    add_images(folder / name, name, known - classes.begin(), list, ignored);
    if (list.size() == before) {
      throw DataError(fmt::format(
          "class folder '{0}' holds no images\nlooked for  {0}/*.{{jpg,jpeg,png,webp}}\n{1}\n"
          "add images or remove the folder",
          (folder / name).string(), found_in(folder / name)));
    }
  }
  if (ignored.count > 0) {
    spdlog::warn("data '{}': {} other {} passed over (the first is '{}')", folder.string(),
                 ignored.count, ignored.count == 1 ? "file was" : "files were", ignored.first);
  }
  return list;
}

}  // namespace vit
