// What the files of this folder share: one add_ function per data set for the catalogue, one test
// per kind of folder for recognise_data(), and the words for "there is something else here" in
// error messages.
#pragma once

#include "vit/core/error.hpp"
#include "vit/data/dataset.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vit {

namespace fs = std::filesystem;

void add_idx(Datasets::Catalog& datasets);
void add_cifar(Datasets::Catalog& datasets);
void add_folder(Datasets::Catalog& datasets);
void add_synthetic(Datasets::Catalog& datasets);
void add_tar(Datasets::Catalog& datasets);
void add_tfrecord(Datasets::Catalog& datasets);
void add_csv(Datasets::Catalog& datasets);
void add_list(Datasets::Catalog& datasets);
void add_records(Datasets::Catalog& datasets);
void add_mixture(Datasets::Catalog& datasets);

bool holds_idx(const fs::path& folder);
bool holds_cifar(const fs::path& folder);
bool holds_image_tree(const fs::path& folder);
bool holds_image_lists(const fs::path& folder);
// These may be files, too.
bool holds_tars(const fs::path& path);
bool holds_tfrecords(const fs::path& path);
bool holds_label_table(const fs::path& path);

// For vit-pack: `data`, with plain copies in `folder` of the tars it finds compressed; as it is
// when there are none. Copies that are there already are used. Throws DataError; as decompress().
DataSection with_plain_tars(const DataSection& data, const fs::path& folder, ExitCode (*stop)());

// "val" for val, valid, validation; "train" for train, training; "test" for test, testing; other
// names unchanged.
std::string canonical_split(const std::string& name);

// True for train, val and test.
bool is_usual_split(const std::string& canonical_name);

// train, val, test first; then the others by name.
template <class Value>
std::vector<std::string> splits_in_order(const std::map<std::string, Value>& splits) {
  std::vector<std::string> names;
  for (const char* usual : {"train", "val", "test"}) {
    if (splits.contains(usual)) names.emplace_back(usual);
  }
  for (const auto& [split, value] : splits) {
    if (!is_usual_split(split)) names.push_back(split);
  }
  return names;
}

// Throws DataError unless `root` is a folder that can be listed.
void require_folder(const fs::path& root);

// What lies in a folder without hidden names, in byte order; links are followed. Throws DataError
// when it cannot be read.
struct FolderEntry {
  std::string name;
  bool is_folder = false;
};
std::vector<FolderEntry> list_folder(const fs::path& folder);

// "found  a, b, c and 12 more", with a hint after archives, for the second part of a message.
std::string found_in(const fs::path& folder);

// "0", "1", .. "n-1".
std::vector<std::string> numbered_classes(int64_t n);

}  // namespace vit
