#include "vit/train/compute.hpp"

#include "vit/models/resnet.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace vit {
namespace {

ModelCost cost_of(const ModelSection& section) {
  return section.build({.classes = 18291, .allocation = Allocation::kShapesOnly})->cost();
}

// The paper's baselines are not published: post-activation units, R200 of [3, 24, 36, 3].
ModelCost cost_of_resnet(std::vector<int64_t> layers, double width) {
  return cost_of(ModelSection("bit", ResNetConfig{.layers = std::move(layers),
                                                  .width = width,
                                                  .unit = ResNetUnit::kPostActivation}));
}

struct Row {
  std::string name;
  ModelCost cost;
  double epochs, exaflops;
};

// Dosovitskiy et al. 2021, Table 6; JFT-300M has 303 million images.
TEST(Compute, IsThatOfTable6) {
  const std::vector<int64_t> r50 = {3, 4, 6, 3}, r101 = {3, 4, 23, 3}, r152 = {3, 8, 36, 3},
                             r200 = {3, 24, 36, 3};
  const Row rows[] = {
      {"ViT-B/32", cost_of(ModelSection("vit_b32")), 7, 55},
      {"ViT-B/16", cost_of(ModelSection("vit_b16")), 7, 224},
      {"ViT-L/32", cost_of(ModelSection("vit_l32")), 7, 196},
      {"ViT-L/16", cost_of(ModelSection("vit_l16")), 7, 783},
      {"ViT-L/16", cost_of(ModelSection("vit_l16")), 14, 1567},
      {"ViT-H/14", cost_of(ModelSection("vit_h14")), 14, 4262},
      {"R50x1", cost_of_resnet(r50, 1), 7, 50},
      {"R50x2", cost_of_resnet(r50, 2), 7, 199},
      {"R101x1", cost_of_resnet(r101, 1), 7, 96},
      {"R152x1", cost_of_resnet(r152, 1), 7, 141},
      {"R152x2", cost_of_resnet(r152, 2), 7, 563},
      {"R152x2", cost_of_resnet(r152, 2), 14, 1126},
      {"R200x3", cost_of_resnet(r200, 3), 14, 3306},
      {"R50x1+ViT-B/32", cost_of(ModelSection("vit_r50_b32")), 7, 106},
      {"R50x1+ViT-B/16", cost_of(ModelSection("vit_r50_b16")), 7, 274},
      {"R50x1+ViT-L/32", cost_of(ModelSection("vit_r50_l32")), 7, 246},
      {"R50x1+ViT-L/16", cost_of(ModelSection("vit_r50_l16")), 14, 1668},
  };
  constexpr double kRounding = 0.5;  // the table has whole numbers
  for (const Row& row : rows) {
    const auto images = static_cast<int64_t>(303e6 * row.epochs);
    const double ours = training_exaflops(row.cost, images);
    EXPECT_NEAR(ours, row.exaflops, 0.02 * row.exaflops + kRounding) << row.name;
    std::printf("  compute | %-15s | %2.0f epochs | %7.1f exaFLOPs | paper %6.0f | %+.1f %%\n",
                row.name.c_str(), row.epochs, ours, row.exaflops, 100 * (ours / row.exaflops - 1));
  }
}

TEST(Compute, PaddingIsLeftOut) {
  const ModelCost resnet = cost_of_resnet({3, 4, 6, 3}, 1);
  EXPECT_LT(resnet.macs_unpadded, 0.99 * resnet.macs);
  const ModelCost plain = cost_of(ModelSection("vit_b16"));
  EXPECT_EQ(plain.macs_unpadded, plain.macs);
}

}  // namespace
}  // namespace vit
