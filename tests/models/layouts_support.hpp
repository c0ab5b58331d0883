// Comparing networks under the names of several libraries.
#pragma once

#include "vit/core/error.hpp"
#include "vit/models/layout.hpp"

#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vit::test {

// The same names, shapes and values.
inline void expect_equal(const NamedTensors& got, const NamedTensors& expected) {
  EXPECT_EQ(got.size(), expected.size());
  for (const auto& [name, want] : expected) {
    const at::Tensor* tensor = find_tensor(got, name);
    if (tensor == nullptr) {
      ADD_FAILURE() << "no " << name;
      continue;
    }
    EXPECT_EQ(tensor->sizes(), want.sizes()) << name;
    EXPECT_TRUE(at::equal(tensor->to(want.scalar_type()), want)) << name;
  }
}

inline NamedTensors network_of(const std::string& golden) {
  return below(TensorFile(golden_dir() / "models" / (golden + ".safetensors")), "param/");
}

inline std::string export_refusal(const NamedTensors& network, Layout layout,
                                  const ExportOptions& options = {}) {
  try {
    export_weights(network, layout, options);
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "";
}

}  // namespace vit::test
