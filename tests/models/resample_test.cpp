// Weights for other sizes, against SciPy, timm, torchvision and transformers.
#include "vit/models/resample_weights.hpp"

#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace vit::test {
namespace {

struct Variant {
  const char* result;  // in the file
  PositionResize how;
  double tolerance;
};
constexpr Variant kVariants[] = {
    {"vit_jax", PositionResize::kReferenceEdgeZeros, 2e-6},
    {"big_vision", PositionResize::kReferenceEdgeZeros, 2e-6},
    {"scipy_zoom_order1", PositionResize::kReferenceEdgeZeros, 2e-6},
    {"timm_bicubic_antialias", PositionResize::kTimm, 5e-6},
    {"timm_bilinear_npz", PositionResize::kTimmNpz, 5e-6},
    {"torchvision", PositionResize::kTorchvision, 5e-6},
    {"torch_bicubic_no_antialias", PositionResize::kHuggingFace, 5e-6},
};

Extent extent_of(const Json& json) { return {json[0], json[1]}; }

// Every result of the file is compared with ours.
TEST(ResampleGolden, PositionEmbeddings) {
  const TensorFile file(golden_dir() / "posemb.safetensors");
  std::map<std::string, double> worst;
  const Json json = json_of(file);
  for (const Json& entry : json.at("cases")) {
    if (!entry.contains("class_token")) continue;  // patch kernels
    const std::string key = entry.at("key");
    const int64_t prefix = entry.at("class_token").get<bool>() ? 1 : 0;
    for (const Variant& variant : kVariants) {
      const std::string name = key + "/" + variant.result;
      if (!file.contains(name)) continue;
      const at::Tensor expected = file.tensor(name);
      const at::Tensor resized =
          resize_position_embedding(file.tensor(key + "/input"), prefix, extent_of(entry.at("old")),
                                    extent_of(entry.at("new")), variant.how);
      ASSERT_EQ(resized.sizes(), expected.sizes()) << name;
      const double off = distance(resized, expected);
      EXPECT_LE(off, variant.tolerance) << name;
      worst[variant.result] = std::max(worst[variant.result], off);
    }
  }
  for (const auto& [name, off] : worst) std::printf("parity %-40s %.1e\n", name.c_str(), off);
  EXPECT_EQ(worst.size(), std::size(kVariants));
}

TEST(ResampleGolden, PatchKernels) {
  const TensorFile file(golden_dir() / "posemb.safetensors");
  int64_t compared = 0;
  const Json json = json_of(file);
  for (const Json& entry : json.at("cases")) {
    if (entry.contains("class_token")) continue;
    const std::string key = entry.at("key");
    for (const auto& [result, how] : {std::pair{"/timm_bicubic_antialias", PatchResize::kTimm},
                                      {"/timm_bilinear_npz", PatchResize::kTimmNpz}}) {
      const at::Tensor expected = file.tensor(key + result);
      const at::Tensor resized =
          resize_patch_kernel(file.tensor(key + "/input"), extent_of(entry.at("new")), how);
      ASSERT_EQ(resized.sizes(), expected.sizes()) << key;
      const double off = distance(resized, expected);
      EXPECT_LE(off, 5e-6 * std::max(1.0, max_abs(expected))) << key << result;
      std::printf("parity %-40s %.1e\n", (key + result).c_str(), off);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 6);
}

// All grids of 2 to 64: those whose last row and column SciPy zeroes, and no others.
TEST(ResampleGolden, EdgeZerosAreSciPys) {
  std::ifstream stream(golden_dir() / "posemb_zero_edge_pairs.json");
  ASSERT_TRUE(stream);
  std::set<std::pair<int64_t, int64_t>> expected;
  const Json json = Json::parse(stream);
  for (const Json& pair : json.at("pairs")) expected.emplace(pair[0], pair[1]);
  std::set<std::pair<int64_t, int64_t>> found;
  for (int64_t from = 2; from <= 64; ++from) {
    const at::Tensor ones = at::ones({1, from * from, 1});
    for (int64_t to = 2; to <= 64; ++to) {
      const auto resized = [&](PositionResize how) {
        return resize_position_embedding(ones, 0, square(from), square(to), how).view({to, to});
      };
      const at::Tensor zeros = resized(PositionResize::kReferenceEdgeZeros);
      const at::Tensor clamped = resized(PositionResize::kReference);
      ASSERT_LE(distance(clamped, at::ones({to, to})), 1e-6) << from << " -> " << to;
      if (zeros[to - 1][to - 1].item<float>() == 0) {
        found.insert({from, to});
        EXPECT_EQ(max_abs(zeros[to - 1]), 0.0);
        EXPECT_EQ(max_abs(zeros.select(1, to - 1)), 0.0);
        const auto inner = [to](const at::Tensor& t) {
          return t.slice(0, 0, to - 1).slice(1, 0, to - 1);
        };
        EXPECT_TRUE(at::equal(inner(zeros), inner(clamped)));
      } else {
        EXPECT_TRUE(at::equal(zeros, clamped)) << from << " -> " << to;
      }
    }
  }
  EXPECT_EQ(found.size(), 112U);
  EXPECT_EQ(found, expected);
}

// A resized kernel says of a resized constant patch what the old one says of the patch.
TEST(Resample, PatchKernelsOfOtherShapes) {
  const at::Tensor kernel = at::randn({2, 3, 8, 8});
  for (const Extent to : {Extent{16, 8}, Extent{12, 16}, square(16)}) {
    for (const PatchResize how : {PatchResize::kTimm, PatchResize::kTimmNpz}) {
      const at::Tensor resized = resize_patch_kernel(kernel, to, how);
      EXPECT_EQ(resized.sizes(), at::IntArrayRef({2, 3, to.height, to.width}));
      EXPECT_LE(distance(resized.sum({2, 3}), kernel.sum({2, 3})), 1e-4);
    }
  }
  EXPECT_TRUE(at::equal(resize_patch_kernel(kernel, square(8), PatchResize::kTimm), kernel));
}

TEST(Resample, InputChannels) {
  const at::Tensor kernel = at::randn({4, 3, 2, 2});
  EXPECT_TRUE(at::equal(adapt_input_channels(kernel, 3), kernel));
  EXPECT_TRUE(at::equal(adapt_input_channels(kernel, 1), kernel.sum(1, true)));
  EXPECT_TRUE(at::equal(adapt_input_channels(kernel, 2), kernel.slice(1, 0, 2) * 1.5));
  const at::Tensor five = adapt_input_channels(kernel, 5);
  EXPECT_TRUE(at::equal(five.select(1, 4), kernel.select(1, 1) * 0.6));
  const at::Tensor gray = at::randn({4, 1, 2, 2});
  EXPECT_LE(distance(adapt_input_channels(gray, 3).sum(1, true), gray), 1e-6);
  EXPECT_EQ(adapt_input_channels(kernel.to(at::kHalf), 4).scalar_type(), at::kFloat);
}

}  // namespace
}  // namespace vit::test
