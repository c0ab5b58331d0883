// What the tests of all weight containers share.
#pragma once

#include "vit/core/error.hpp"
#include "vit/runtime/named_tensor.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace vit::test {

// The message of the CheckpointError that `action` throws, nullopt when it throws none.
template <typename Action>
std::optional<std::string> refusal_of(const Action& action) {
  try {
    action();
    return std::nullopt;
  } catch (const CheckpointError& error) {
    return error.what();
  }
}

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// One tensor of every type, and every shape that is special to files.
inline NamedTensors tensors_of_all_types() {
  NamedTensors tensors;
  for (const auto type :
       {at::kBool, at::kByte, at::kChar, at::kShort, at::kHalf, at::kBFloat16, at::kInt, at::kFloat,
        at::kLong, at::kDouble, at::kUInt16, at::kUInt32, at::kUInt64, at::kComplexFloat}) {
    const at::Tensor numbers = at::arange(-7, 8).reshape({3, 5});
    tensors.push_back({"type/" + std::string(at::toString(type)),
                       type == at::kBool ? numbers.remainder(3) == 0 : numbers.to(type)});
  }
  tensors.push_back({"transposed", at::randn({4, 6}).t()});
  tensors.push_back({"every_other", at::randn({10}).slice(0, 0, 10, 2)});
  tensors.push_back({"scalar", at::scalar_tensor(2.5)});
  tensors.push_back({"none", at::empty({0, 7})});
  tensors.push_back({"needs_grad", at::randn({2}).set_requires_grad(true)});
  tensors.push_back({"specials", at::tensor({NAN, INFINITY, -INFINITY, -0.0, 1e-42})});
  tensors.push_back({"gewicht_\xC3\x9F", at::randn({2})});
  return tensors;
}

// Bit for bit, in the same order.
inline void expect_same(const NamedTensors& actual, const NamedTensors& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    SCOPED_TRACE(expected[i].name);
    EXPECT_EQ(actual[i].name, expected[i].name);
    ASSERT_EQ(actual[i].tensor.scalar_type(), expected[i].tensor.scalar_type());
    ASSERT_EQ(actual[i].tensor.sizes(), expected[i].tensor.sizes());
    const at::Tensor a = actual[i].tensor.contiguous(),
                     b = expected[i].tensor.detach().contiguous();
    if (a.numel() == 0) continue;
    EXPECT_EQ(std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()), 0);
  }
}

}  // namespace vit::test
