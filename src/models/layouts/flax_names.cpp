#include "flax_names.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace vit {

namespace {

// Where a training state keeps the network, most particular first.
constexpr const char* kPrefixes[] = {"opt/target/", "params/img/", "params/", "img/"};

// Modules every network of this layout has one of.
constexpr const char* kRoots[] = {"embedding/kernel", "conv_root/kernel",
                                  "Transformer/encoder_norm/scale"};

std::string network_prefix(const NamedTensors& file) {
  for (const char* prefix : kPrefixes) {
    for (const char* root : kRoots) {
      if (find_tensor(file, std::string(prefix) + root) != nullptr) return prefix;
    }
  }
  return "";
}

bool is_training_state(const std::string& name) {
  for (const char* prefix : {"opt/", "opt_state/", "state/", "extra/"}) {
    if (name.starts_with(prefix)) return true;
  }
  return name == "step" || name.ends_with("/step");
}

std::vector<std::string> split(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (c == '/')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// "LayerNorm_2" -> {"LayerNorm", 2}; number -1: none.
struct Numbered {
  std::string prefix;
  int64_t number = -1;
  auto operator<=>(const Numbered&) const = default;
};

Numbered numbered(const std::string& name) {
  const size_t bar = name.rfind('_');
  if (bar == std::string::npos || bar + 1 == name.size() || name.size() - bar > 9 ||
      name.find_first_not_of("0123456789", bar + 1) != std::string::npos) {
    return {name, -1};
  }
  return {name.substr(0, bar), std::stoll(name.substr(bar + 1))};
}

// Flax's rule: among siblings of one class, in natural order, numbers start at 0 without gaps.
// Blocks keep theirs, so that a file that lacks one says which.
class Renumbering {
 public:
  explicit Renumbering(const NamedTensors& file) {
    for (const NamedTensor& entry : file) {
      std::string parent;
      for (const std::string& part : split(entry.name)) {
        const Numbered child = numbered(part);
        if (child.number >= 0) siblings_[parent][child] = 0;
        parent += "/" + part;
      }
    }
    for (auto& [parent, children] : siblings_) {
      std::map<std::string, int64_t> next;
      for (auto& [child, number] : children) number = next[child.prefix]++;
    }
  }

  std::string operator()(const std::string& name) const {
    std::string parent;
    std::vector<std::string> renamed;
    for (const std::string& part : split(name)) {
      const Numbered child = numbered(part);
      const bool changes = child.number >= 0 && child.prefix != "encoderblock";
      renamed.push_back(changes ? fmt::format("{}_{}", child.prefix, siblings_.at(parent).at(child))
                                : part);
      parent += "/" + part;
    }
    return join(renamed, "/");
  }

 private:
  std::map<std::string, std::map<Numbered, int64_t>> siblings_;
};

// Blocks stacked along a leading dimension, as a scan over them keeps them.
NamedTensors unstacked(NamedTensors file) {
  constexpr std::string_view kStack = "Transformer/encoderblock/";
  constexpr int64_t kMostBlocks = 1000;
  NamedTensors all;
  for (NamedTensor& entry : file) {
    if (!entry.name.starts_with(kStack) || entry.tensor.dim() == 0) {
      all.push_back(std::move(entry));
      continue;
    }
    if (entry.tensor.numel() == 0 || entry.tensor.size(0) > kMostBlocks) {
      throw CheckpointError(fmt::format("{} of the file stacks {} blocks, which no network has",
                                        entry.name, entry.tensor.size(0)));
    }
    for (int64_t i = 0; i < entry.tensor.size(0); ++i) {
      all.push_back(
          {fmt::format("Transformer/encoderblock_{}/{}", i, entry.name.substr(kStack.size())),
           entry.tensor.select(0, i)});
    }
  }
  return all;
}

// Some networks have the parts of the attention-pooling head at the top.
std::string under_pooling_head(const std::string& name) {
  for (const char* part :
       {"probe", "MlpBlock_0/", "MultiHeadDotProductAttention_0/", "LayerNorm_0/"}) {
    if (name.starts_with(part)) return "MAPHead_0/" + name;
  }
  return name;
}

}  // namespace

NamedTensors flax_entries(NamedTensors file, std::vector<std::string>& ignored) {
  const std::string prefix = network_prefix(file);
  NamedTensors network;
  for (NamedTensor& entry : file) {
    if (entry.name.starts_with(prefix) && (!prefix.empty() || !is_training_state(entry.name))) {
      entry.name = entry.name.substr(prefix.size());
      network.push_back(std::move(entry));
    } else if (is_training_state(entry.name)) {
      ignored.push_back(entry.name);
    } else {
      network.push_back(std::move(entry));  // another tower: nobody's, and said so
    }
  }
  const Renumbering renumber(network);
  const bool inlined = find_tensor(network, "probe") != nullptr;
  for (NamedTensor& entry : network) {
    entry.name = renumber(entry.name);
    if (inlined) entry.name = under_pooling_head(entry.name);
  }
  return unstacked(std::move(network));
}

std::string numbered_across_classes(const std::string& name) {
  constexpr std::pair<std::string_view, std::string_view> kPublished[] = {
      {"/LayerNorm_1/", "/LayerNorm_2/"},
      {"/MultiHeadDotProductAttention_0/", "/MultiHeadDotProductAttention_1/"},
      {"/MlpBlock_0/", "/MlpBlock_3/"}};
  for (const auto& [linen, published] : kPublished) {
    const size_t at = name.find(linen);
    if (at == std::string::npos || !name.starts_with("Transformer/")) continue;
    return std::string(name).replace(at, linen.size(), published);
  }
  return name;
}

}  // namespace vit
