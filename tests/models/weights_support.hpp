// Small networks and the messages of loading weights into them.
#pragma once

#include "vit/core/error.hpp"

#include "models/families.hpp"
#include "models/golden_model.hpp"

#include <gtest/gtest.h>

namespace vit::test {

inline VitConfig config_4x4() {
  return {.image = square(32),
          .patch = square(8),
          .width = 16,
          .depth = 2,
          .heads = 2,
          .mlp = 32,
          .head_zero_init = false};
}

inline std::unique_ptr<Model> make(const VitConfig& config, uint64_t seed, int64_t classes = 5) {
  return build_vision_transformer(config, {.classes = classes, .seed = Random(seed)});
}

inline NamedTensors snapshot(const Model& model) {
  NamedTensors copies;
  for (const auto& [name, tensor] : state_dict(model))
    copies.push_back({name, tensor.detach().clone()});
  return copies;
}

inline constexpr const char* kSource = "some.safetensors";
inline const InitConfig kKeepHead{.head = HeadPolicy::kKeep};

inline Weights weights_of(const Model& model) { return {kSource, snapshot(model)}; }

// The message of the CheckpointError that loading throws, after checking that nothing was written.
inline std::string refusal(Model& model, const NamedTensors& file, const InitConfig& options) {
  const NamedTensors before = snapshot(model);
  std::string text;
  try {
    load_weights(model, {kSource, file}, options);
    ADD_FAILURE() << "loading did not throw";
  } catch (const CheckpointError& error) {
    text = error.what();
  }
  for (const auto& [name, tensor] : before) {
    EXPECT_TRUE(at::equal(*find_tensor(state_dict(model), name), tensor)) << name << " was written";
  }
  return text;
}

inline at::Tensor parameter(const Model& model, const std::string& name) {
  return find_tensor(state_dict(model), name)->detach();
}

}  // namespace vit::test
