// The pictures of one split that lie as pieces in large files: which file, from where to where.
#pragma once

#include "vit/data/dataset.hpp"

#include "../shard_file.hpp"
#include "image_list.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace vit {

struct Piece {
  uint32_t shard = 0;
  int64_t offset = 0, size = 0;
};

// The files of a data set, in the order of their names.
struct Shards {
  std::filesystem::path root;
  std::vector<detail::ShardFile> files;

  // "train-000.tar", relative to the root.
  std::string name(uint32_t shard) const;
};

// Each piece is the bytes of one picture.
class ShardedPictures final : public Dataset {
 public:
  explicit ShardedPictures(std::shared_ptr<const Shards> shards) : shards_(std::move(shards)) {}

  void add(std::string_view name, int64_t label, const Piece& piece);

  int64_t size() const override { return list_.size(); }
  int64_t label(int64_t index) const override { return list_.label(index); }
  std::string name(int64_t index) const override;
  Picture picture(int64_t index) const override;
  std::string place(int64_t index) const override { return full_name(index); }
  std::string version(int64_t index) const override;

  const Piece& piece(int64_t index) const { return pieces_.at(static_cast<size_t>(index)); }
  const detail::ShardFile& file(int64_t index) const {
    return shards_->files.at(piece(index).shard);
  }
  std::string full_name(int64_t index) const;  // for errors: with the path of the file

 private:
  std::shared_ptr<const Shards> shards_;
  ImageList list_;
  std::vector<Piece> pieces_;
};

// A file found below a root, and the split its name or folder tells: "train" for train-000.tar and
// train/000.tar, "" when they tell none.
struct ShardPlace {
  std::filesystem::path path;
  std::string split;
};

// `root` itself when it is a file; else the files in it and in its folders called after a split
// that `is_shard` accepts, in byte order.
std::vector<ShardPlace> find_shards(const std::filesystem::path& root,
                                    bool (*is_shard)(const std::filesystem::path& path));

// The split a name tells by one of its words: "train" for "imagenet-train-000.tar", "" for none.
std::string split_in_name(const std::string& name);

}  // namespace vit
