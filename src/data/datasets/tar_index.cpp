#include "tar_index.hpp"

#include "vit/core/error.hpp"

#include "../tar_walk.hpp"
#include "datasets.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace vit {
namespace {

// A label that lies beside a picture.
struct Beside {
  std::string key;  // the picture's name up to the first dot
  uint32_t shard = 0;
  std::string text;
};

struct Contents {
  std::vector<TarPicture> pictures;
  std::vector<Beside> labels;
  int64_t others = 0;
  std::string first_other;
};

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// WebDataset: a sample's key is the path up to the first dot of the file's name; the rest tells
// what it is.
size_t end_of_key(std::string_view path) {
  return std::min(path.find('.', path.rfind('/') + 1), path.size());
}
std::string_view key_of(std::string_view path) { return path.substr(0, end_of_key(path)); }
std::string_view kind_of(std::string_view path) { return path.substr(end_of_key(path)); }

// The label in a sample's JSON, as text; "" when there is none.
std::string label_in_json(std::string_view bytes) {
  const auto json = nlohmann::json::parse(bytes, nullptr, false);
  if (!json.is_object()) return "";
  for (const char* key : {"label", "cls"}) {
    const auto at = json.find(key);
    if (at == json.end()) continue;
    if (at->is_string()) return at->get<std::string>();
    if (at->is_number_integer()) return at->dump();
  }
  return "";
}

class Walk {
 public:
  Walk(const Shards& shards, Contents& contents) : shards_(shards), contents_(contents) {}

  void shard(uint32_t number) {
    shard_ = number;
    const detail::ShardFile& file = shards_.files[number];
    detail::FileWindow window(file);
    const std::string_view head = window.view(0, std::min<int64_t>(file.size(), 512));
    if (!detail::looks_like_tar(head)) {
      throw DataError(fmt::format("'{}' is no tar file\nget the file again", file.path().string()));
    }
    walk(window, {0, file.size()}, "", 0);
  }

 private:
  void walk(detail::FileWindow& window, detail::TarExtent extent, const std::string& prefix,
            int depth) {
    detail::walk_tar(window, extent, [&](const detail::TarMember& member) {
      if (!member.is_file || file_name(member.name).starts_with('.')) return;
      const std::string name = prefix + member.name;
      if (is_image_name(file_name(name))) {
        contents_.pictures.push_back({name, {shard_, member.offset, member.size}, "", 0});
      } else if (name.ends_with(".tar") && depth == 0) {
        walk(window, {member.offset, member.offset + member.size},
             name.substr(0, name.size() - 4) + "/", depth + 1);
      } else if (!take_label(window, name, member) && contents_.others++ == 0) {
        contents_.first_other = shards_.name(shard_) + "/" + name;
      }
    });
  }

  bool take_label(detail::FileWindow& window, const std::string& name,
                  const detail::TarMember& member) {
    constexpr int64_t kLongestLabel = 4096, kLongestJson = 1 << 20;
    const std::string_view kind = kind_of(name);
    if (kind != ".cls" && kind != ".json") return false;
    if (member.size > (kind == ".cls" ? kLongestLabel : kLongestJson)) return false;
    const std::string_view bytes = window.view(member.offset, member.size);
    std::string text = kind == ".cls" ? std::string(bytes) : label_in_json(bytes);
    if (text.empty()) return false;
    contents_.labels.push_back({std::string(key_of(name)), shard_, std::move(text)});
    return true;
  }

  const Shards& shards_;
  Contents& contents_;
  uint32_t shard_ = 0;
};

// Labels by shard and key.
class LabelsBeside {
 public:
  explicit LabelsBeside(const std::vector<Beside>& labels) {
    for (const Beside& label : labels) texts_.emplace(key(label.shard, label.key), &label.text);
  }
  const std::string* find(const TarPicture& picture) const {
    const auto at = texts_.find(full_key(picture));
    return at == texts_.end() ? nullptr : at->second;
  }
  static std::string full_key(const TarPicture& picture) {
    return key(picture.piece.shard, key_of(picture.name));
  }

 private:
  static std::string key(uint32_t shard, std::string_view key) {
    return fmt::format("{}:{}", shard, key);
  }
  std::unordered_map<std::string, const std::string*> texts_;
};

// Labels become class numbers; those of the training split say which classes there are.
std::vector<std::string> label_samples(const Shards& shards, std::vector<TarPicture>& pictures,
                                       const LabelsBeside& beside,
                                       std::vector<std::string> class_names) {
  ClassLabels labels;
  std::unordered_set<std::string> keys;
  for (TarPicture& picture : pictures) {
    const std::string where = shards.name(picture.piece.shard) + "/" + picture.name;
    const std::string* text = beside.find(picture);
    if (text == nullptr) {
      throw DataError(
          fmt::format("the sample '{}' has no label\nlooked for  {}.cls, or .json with "
                      "'label' or 'cls', in the same shard as others have it",
                      where, key_of(picture.name)));
    }
    if (!keys.insert(LabelsBeside::full_key(picture)).second) {
      throw DataError(fmt::format("the sample '{}' has two pictures\nremove one of them", where));
    }
    picture.label = labels.add(*text, picture.split, where);
  }
  labels.resolve(std::move(class_names));
  for (TarPicture& picture : pictures) {
    picture.label = labels.number(static_cast<int32_t>(picture.label));
  }
  return labels.classes();
}

[[noreturn]] void no_pictures(const Shards& shards, const Contents& contents) {
  throw DataError(fmt::format(
      "'{}' holds no pictures\nlooked for  <split>/<class>/* or <class>/* (jpg, jpeg, png, webp), "
      "or key.jpg with key.cls{}",
      shards.root.string(), contents.others == 0 ? "" : "\nfound       " + contents.first_other));
}

}  // namespace

TarIndex index_tars(const Shards& shards, const std::vector<std::string>& splits_told,
                    std::vector<std::string> class_names) {
  Contents contents;
  Walk walk(shards, contents);
  for (size_t i = 0; i < shards.files.size(); ++i) walk.shard(static_cast<uint32_t>(i));
  if (contents.pictures.empty()) no_pictures(shards, contents);
  if (contents.others > 0) {
    spdlog::warn("data '{}': {} other {} passed over (the first is '{}')", shards.root.string(),
                 contents.others, contents.others == 1 ? "member was" : "members were",
                 contents.first_other);
  }
  TarIndex index{{}, std::move(contents.pictures)};
  for (TarPicture& picture : index.pictures) picture.split = splits_told[picture.piece.shard];
  const LabelsBeside beside(contents.labels);
  const bool samples = std::any_of(index.pictures.begin(), index.pictures.end(),
                                   [&](const TarPicture& picture) { return beside.find(picture); });
  if (!samples) {
    arrange_tar_tree(shards, index, std::move(class_names));
    return index;
  }
  for (TarPicture& picture : index.pictures) {
    if (picture.split.empty()) picture.split = "train";
  }
  index.classes = label_samples(shards, index.pictures, beside, std::move(class_names));
  return index;
}

}  // namespace vit
