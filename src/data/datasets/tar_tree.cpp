// Class trees inside tar shards.
#include "vit/core/error.hpp"

#include "datasets.hpp"
#include "tar_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace vit {
namespace {

std::string_view first_folder(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

std::string_view below_first_folder(std::string_view path) {
  return path.substr(path.find('/') + 1);
}

bool is_deeper_than(std::string_view path, int folders) {
  return std::count(path.begin(), path.end(), '/') > folders;
}

// A picture and what of its path counts.
struct Entry {
  TarPicture* picture;
  std::string_view path;
};
using Entries = std::vector<Entry>;

// The folder around everything, when there is one that is neither a split nor the only class.
void drop_outer_folders(Entries& entries) {
  while (true) {
    const std::string_view outer = first_folder(entries.front().path);
    if (is_usual_split(canonical_split(std::string(outer)))) return;
    for (const Entry& entry : entries) {
      if (first_folder(entry.path) != outer || !is_deeper_than(entry.path, 1)) return;
    }
    for (Entry& entry : entries) entry.path = below_first_folder(entry.path);
  }
}

// <split>/<class>/* or <class>/*; sets the splits, and what is left is <class>/*.
void tell_splits(Entries& entries, const std::string& told) {
  drop_outer_folders(entries);
  const bool in_splits = std::any_of(entries.begin(), entries.end(), [](const Entry& entry) {
    return is_deeper_than(entry.path, 1) &&
           is_usual_split(canonical_split(std::string(first_folder(entry.path))));
  });
  for (Entry& entry : entries) {
    entry.picture->split = told.empty() ? "train" : told;
    if (!in_splits) continue;
    entry.picture->split = canonical_split(std::string(first_folder(entry.path)));
    entry.path = below_first_folder(entry.path);
  }
}

// Pictures that lie loose in one of several tars belong to the class the tar is called after.
bool is_tar_per_class(const Shards& shards, const std::vector<TarPicture>& pictures) {
  const auto tells_split = [](const detail::ShardFile& file) {
    return !split_in_name(file.path().stem().string()).empty();
  };
  return shards.files.size() > 1 &&
         std::none_of(shards.files.begin(), shards.files.end(), tells_split) &&
         std::none_of(pictures.begin(), pictures.end(),
                      [](const TarPicture& picture) { return is_deeper_than(picture.name, 0); });
}

std::vector<std::string> classes_of(const Entries& entries) {
  std::set<std::string_view> all, trained;
  for (const Entry& entry : entries) {
    all.insert(first_folder(entry.path));
    if (entry.picture->split == "train") trained.insert(first_folder(entry.path));
  }
  const std::set<std::string_view>& classes = trained.empty() ? all : trained;
  return {classes.begin(), classes.end()};
}

// As a listing goes: folder by folder, in byte order.
bool comes_before(const Entry& a, const Entry& b) {
  if (a.picture->split != b.picture->split) return a.picture->split < b.picture->split;
  const auto place = [](char c) { return c == '/' ? 0 : 1 + int{static_cast<unsigned char>(c)}; };
  return std::lexicographical_compare(a.path.begin(), a.path.end(), b.path.begin(), b.path.end(),
                                      [&](char x, char y) { return place(x) < place(y); });
}

bool is_same_member(const Entry& a, const Entry& b) {
  return a.picture->piece.shard == b.picture->piece.shard && a.picture->name == b.picture->name;
}

[[noreturn]] void no_class(const Shards& shards, const TarPicture& picture) {
  throw DataError(
      fmt::format("'{}/{}' lies in no class folder and has no label beside it\nlooked for  "
                  "<split>/<class>/* or "
                  "<class>/*, or {}.cls (a WebDataset sample)",
                  shards.name(picture.piece.shard), picture.name,
                  picture.name.substr(0, picture.name.find('.', picture.name.rfind('/') + 1))));
}

void set_labels(const Shards& shards, Entries& entries, const std::vector<std::string>& classes) {
  for (Entry& entry : entries) {
    const std::string name(first_folder(entry.path));
    const auto at = std::find(classes.begin(), classes.end(), name);
    TarPicture& picture = *entry.picture;
    if (at == classes.end()) {
      const size_t end = picture.name.size() - entry.path.size() + name.size();
      unknown_class(fs::path(shards.name(picture.piece.shard)) / picture.name.substr(0, end),
                    classes);
    }
    picture.label = at - classes.begin();
  }
}

}  // namespace

void arrange_tar_tree(const Shards& shards, TarIndex& index, std::vector<std::string> class_names) {
  if (is_tar_per_class(shards, index.pictures)) {
    for (TarPicture& picture : index.pictures) {
      picture.name = shards.files[picture.piece.shard].path().stem().string() + "/" + picture.name;
    }
  }
  std::map<std::string, Entries> by_split;
  for (TarPicture& picture : index.pictures)
    by_split[picture.split].push_back({&picture, picture.name});
  Entries entries;
  for (auto& [told, some] : by_split) {
    tell_splits(some, told);
    entries.insert(entries.end(), some.begin(), some.end());
  }
  for (const Entry& entry : entries) {
    if (first_folder(entry.path).empty()) no_class(shards, *entry.picture);
  }
  index.classes = class_names.empty() ? classes_of(entries) : std::move(class_names);
  std::stable_sort(entries.begin(), entries.end(), comes_before);
  set_labels(shards, entries, index.classes);
  std::vector<TarPicture> arranged;
  arranged.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i + 1 < entries.size() && is_same_member(entries[i], entries[i + 1])) continue;
    arranged.push_back(std::move(*entries[i].picture));
  }
  index.pictures = std::move(arranged);
}

}  // namespace vit
