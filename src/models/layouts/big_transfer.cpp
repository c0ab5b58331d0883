// The published BiT networks: pre-activation ResNets from TensorFlow. A unit's a, b, c are a norm
// and the convolution after it; units are counted from 01.
#include "layouts.hpp"

#include <fmt/format.h>

#include <regex>

namespace vit {

namespace {

constexpr const char* kKernel = "/standardized_conv2d/kernel";
constexpr Rules::Suffixes kGamma{"/group_norm/gamma", "/group_norm/beta"};

Rules resnet_rules() {
  Rules rules;
  rules.tensor("stem.conv.weight", std::string("resnet/root_block") + kKernel, Form::kConv);
  const std::string ours = "stages.{}.blocks.{}.", theirs = "resnet/block{+1}/unit{+01}/";
  for (const auto& [i, letter] : {std::pair{"1", "a"}, {"2", "b"}, {"3", "c"}}) {
    rules.pair(ours + "norm" + i, theirs + letter, kGamma);
    rules.tensor(ours + "conv" + i + ".weight", theirs + letter + kKernel, Form::kConv);
  }
  rules.tensor(ours + "downsample.conv.weight", theirs + "a/proj" + kKernel, Form::kConv);
  rules.pair("norm", "resnet", kGamma);
  return rules.pair("head.fc", "resnet/head/conv2d", {"/kernel", "/bias"}, Form::kConv);
}

// Graphs that hold several networks number their layers: standardized_conv2d_3.
std::string without_layer_number(const std::string& name) {
  static const std::regex kNumber("(standardized_conv2d|group_norm|conv2d)_[0-9]+(?=/)");
  return std::regex_replace(name, kNumber, "$1");
}

[[noreturn]] void refuse(const std::string& name) {
  refuse_tensor("big_transfer (pre-activation ResNets)", name);
}

}  // namespace

void import_big_transfer(NamedTensors file, Weights& to) {
  for (NamedTensor& entry : file) {
    entry.name = without_layer_number(entry.name);
    if (entry.name.starts_with("root_block/") || entry.name.starts_with("block"))
      entry.name = "resnet/" + entry.name;
  }
  to.tensors = import_by(resnet_rules(), std::move(file), to.name);
}

NamedTensors export_big_transfer(const NamedTensors& timm) {
  return export_by(resnet_rules(), timm, 0, refuse);
}

}  // namespace vit
