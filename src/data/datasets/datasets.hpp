// What the files of this folder share: one add_ function per data set for the catalogue, one test
// per kind of folder for recognise_data(), and the words for "there is something else here" in
// error messages.
#pragma once

#include "vit/data/dataset.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace vit {

namespace fs = std::filesystem;

void add_idx(Datasets::Catalog& datasets);
void add_cifar(Datasets::Catalog& datasets);
void add_folder(Datasets::Catalog& datasets);
void add_synthetic(Datasets::Catalog& datasets);

bool holds_idx(const fs::path& folder);
bool holds_cifar(const fs::path& folder);
bool holds_image_tree(const fs::path& folder);

// "val" for val, valid, validation; "train" for train, training; "test" for test, testing; other
// names unchanged.
std::string canonical_split(const std::string& name);

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
