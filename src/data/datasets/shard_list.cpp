#include "shard_list.hpp"

#include "vit/core/error.hpp"

#include "../file_version.hpp"
#include "../picture_error.hpp"
#include "datasets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace vit {

std::string Shards::name(uint32_t shard) const {
  const fs::path& path = files.at(shard).path();
  return path == root ? path.filename().string() : path.lexically_relative(root).string();
}

void ShardedPictures::add(std::string_view name, int64_t label, const Piece& piece) {
  list_.add(name, label);
  pieces_.push_back(piece);
}

std::string ShardedPictures::name(int64_t index) const {
  return shards_->name(piece(index).shard) + "/" + std::string(list_.name(index));
}

std::string ShardedPictures::full_name(int64_t index) const {
  return file(index).path().string() + "/" + std::string(list_.name(index));
}

Picture ShardedPictures::picture(int64_t index) const {
  std::string name = full_name(index);
  detail::check_picture_bytes(name, static_cast<uint64_t>(piece(index).size));
  return encoded_picture(std::move(name), file(index).read(piece(index).offset, piece(index).size));
}

std::string ShardedPictures::version(int64_t index) const {
  const Piece& at = piece(index);
  const std::string file_state = detail::file_version(file(index).path());
  return file_state.empty() ? "" : fmt::format("{} {} {}", file_state, at.offset, at.size);
}

std::string split_in_name(const std::string& name) {
  std::string word;
  for (const char c : name + "-") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (const std::string split = canonical_split(word); is_usual_split(split)) return split;
    word.clear();
  }
  return "";
}

std::vector<ShardPlace> find_shards(const fs::path& root, bool (*is_shard)(const fs::path& path)) {
  std::error_code ignored;
  if (!fs::is_directory(root, ignored)) return {{root, split_in_name(root.filename().string())}};
  std::vector<ShardPlace> found;
  for (const FolderEntry& entry : list_folder(root)) {
    const fs::path path = root / entry.name;
    if (!entry.is_folder) {
      if (is_shard(path)) found.push_back({path, split_in_name(entry.name)});
      continue;
    }
    const std::string split = canonical_split(entry.name);
    if (!is_usual_split(split)) continue;
    for (const FolderEntry& inner : list_folder(path)) {
      if (!inner.is_folder && is_shard(path / inner.name)) {
        found.push_back({path / inner.name, split});
      }
    }
  }
  return found;
}

}  // namespace vit
