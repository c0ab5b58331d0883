// Running one of our networks on the inputs of a golden file and comparing logits, features and
// every gradient.
#pragma once

#include "vit/core/files.hpp"
#include "vit/models/model.hpp"
#include "vit/models/vision_transformer.hpp"
#include "vit/models/weights.hpp"
#include "vit/runtime/precision.hpp"
#include "vit/runtime/tensor_file.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <string>

namespace vit::test {

using Json = nlohmann::json;

inline Json json_of(const TensorFile& file) { return Json::parse(file.metadata().at("json")); }

inline double max_abs(const at::Tensor& a) {
  return a.numel() == 0 ? 0.0 : a.abs().max().item<double>();
}

// NaN counts as infinitely far.
inline double distance(const at::Tensor& a, const at::Tensor& b) {
  const double d = max_abs(a.detach() - b);
  return std::isnan(d) ? INFINITY : d;
}

class KeepTaps final : public Taps {
 public:
  void see(const std::string& name, const at::Tensor& value) override {
    values[name] = value.detach();
  }
  std::map<std::string, at::Tensor> values;
};

struct Pass {
  at::Tensor logits, loss;
  std::map<std::string, at::Tensor> grads;
};

// One forward and backward pass of the mean softmax cross-entropy.
inline Pass run_pass(const Model& model, const at::Tensor& images, const at::Tensor& labels,
                     Taps* taps = nullptr) {
  for (const auto& [name, tensor] : model.parameters()) tensor.mutable_grad() = at::Tensor();
  Pass pass;
  pass.logits = model.forward(images, Mode::kEval, taps);
  pass.loss = at::cross_entropy_loss(pass.logits, labels);
  pass.loss.backward();
  for (const auto& [name, tensor] : model.parameters()) pass.grads[name] = tensor.grad();
  return pass;
}

// The tolerances of the golden folder's README.
constexpr double kLogitsTolerance = 2e-5, kConvolutionalTolerance = 5e-5;
inline double grad_tolerance(const at::Tensor& expected) { return 2e-5 + 1e-4 * max_abs(expected); }

// Largest differences seen, for the parity table that the tests print.
struct Parity {
  double logits = 0, loss = 0, features = 0, grads = 0;
  double allowed = kLogitsTolerance;  // of logits, loss and features

  void print(const std::string& what) const {
    std::printf("parity %-40s logits %.1e  loss %.1e  features %.1e  grads %.1e\n", what.c_str(),
                logits, loss, features, grads);
  }
};

// The tensors of `file` below `prefix`, without it.
inline NamedTensors below(const TensorFile& file, const std::string& prefix) {
  NamedTensors found;
  for (const std::string& name : file.names()) {
    if (name.starts_with(prefix)) found.push_back({name.substr(prefix.size()), file.tensor(name)});
  }
  return found;
}

// Expects the gradients of `pass` to be `expected`, no more and no fewer.
inline void expect_grads(const Pass& pass, const NamedTensors& expected, Parity& parity) {
  EXPECT_EQ(pass.grads.size(), expected.size());
  for (const auto& [name, want] : expected) {
    const auto got = pass.grads.find(name);
    if (got == pass.grads.end() || !got->second.defined()) {
      ADD_FAILURE() << "no gradient of " << name;
      continue;
    }
    ASSERT_EQ(got->second.sizes(), want.sizes()) << name;
    const double off = distance(got->second, want);
    EXPECT_LE(off, grad_tolerance(want)) << "gradient of " << name;
    parity.grads = std::max(parity.grads, off);
  }
}

inline void expect_features(const KeepTaps& taps, const NamedTensors& expected, Parity& parity) {
  for (const auto& [name, want] : expected) {
    const auto got = taps.values.find(name);
    if (got == taps.values.end()) {
      ADD_FAILURE() << "no feature " << name;
      continue;
    }
    // Features of convolutions [B, C, h, w] are stored for the first image only.
    const at::Tensor value = want.dim() == 4 ? got->second.slice(0, 0, 1) : got->second;
    ASSERT_EQ(value.sizes(), want.sizes()) << name;
    const double off = distance(value, want);
    // Sums of units grow with depth: their tolerance is relative.
    const double size = want.dim() == 4 ? std::max(1.0, max_abs(want)) : 1.0;
    EXPECT_LE(off, parity.allowed * size) << "feature " << name;
    parity.features = std::max(parity.features, off);
  }
}

inline void expect_outputs(const Pass& pass, const TensorFile& file, const std::string& group,
                           Parity& parity) {
  parity.logits = std::max(parity.logits, distance(pass.logits, file.tensor(group + "logits")));
  parity.loss = std::max(parity.loss, distance(pass.loss, file.tensor(group + "loss")));
  EXPECT_LE(parity.logits, parity.allowed);
  EXPECT_LE(parity.loss, parity.allowed);
}

// Both ways to compute attention (with taps: explicitly; without: fused) must give the numbers of
// `group` ("timm/"). Gradients are compared where there are any: files of convolutional networks
// have them for one implementation only.
inline void expect_parity(const Model& model, const TensorFile& file, const std::string& group,
                          Parity& parity, const NamedTensors& features, const NamedTensors& grads) {
  const at::Tensor images = file.tensor("input"), labels = file.tensor("labels");
  KeepTaps taps;
  const Pass explicit_attention = run_pass(model, images, labels, &taps);
  expect_outputs(explicit_attention, file, group, parity);
  expect_features(taps, features, parity);
  if (!grads.empty()) expect_grads(explicit_attention, grads, parity);

  const Pass fused_attention = run_pass(model, images, labels);
  expect_outputs(fused_attention, file, group, parity);
  if (!grads.empty()) expect_grads(fused_attention, grads, parity);
}

inline std::string test_name(std::string name) {
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace vit::test
