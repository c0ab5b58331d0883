// What lies in tar shards: walked along once, then known by place. Tars inside a tar (as in
// ImageNet's training archive, one for each class) count as folders.
#pragma once

#include "class_labels.hpp"
#include "shard_list.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vit {

struct TarPicture {
  std::string name;  // the member's path
  Piece piece;
  std::string split;
  int64_t label = 0;
};

struct TarIndex {
  std::vector<std::string> classes;
  std::vector<TarPicture> pictures;  // those of a split in the order of their indices
};

// Sets splits, labels and classes from the paths and orders the pictures as an unpacked folder
// would be. A folder around everything else does not count. Of members with one name the last one
// is it.
void arrange_tar_tree(const Shards& shards, TarIndex& index, std::vector<std::string> class_names);

// Which layout the shards have is told by their members: WebDataset samples when pictures have
// labels beside them (key.cls or key.json), else <split>/<class>/* or <class>/*. Throws DataError
// saying what is missing. `splits_told` are those that the names of the shards tell, or "".
TarIndex index_tars(const Shards& shards, const std::vector<std::string>& splits_told,
                    std::vector<std::string> class_names);

}  // namespace vit
