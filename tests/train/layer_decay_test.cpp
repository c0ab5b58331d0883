// layer_decay in a run: the updates it gives, and exact resume.
#include "vit/core/files.hpp"
#include "vit/train/update.hpp"

#include "support/temp_dir.hpp"
#include "training_run.hpp"

#include <gtest/gtest.h>

namespace vit::test {
namespace {

const std::vector<std::string> kPlain = {"model.dropout=0",
                                         "model.stochastic_depth=0",
                                         "model.head_zero_init=false",
                                         "optimizer={name: sgd}",
                                         "schedule={name: constant, lr: 0.1, warmup: 0 steps}",
                                         "clip.norm=0",
                                         "average=none"};

// What the first update does to each parameter.
NamedTensors first_change(std::vector<std::string> sets) {
  const TempDir folder;
  sets.insert(sets.begin(), kPlain.begin(), kPlain.end());
  const auto parts = assemble(TrainingRun{folder.path(), sets, {}}.config());
  NamedTensors change;
  for (const NamedTensor& item : parts->model->parameters())
    change.push_back({item.name, item.tensor.detach().clone()});
  const auto batches = training_batches(*parts);
  FiniteGuard guard(parts->device);
  update_weights(*parts, *batches, guard, 0);
  for (size_t i = 0; i < change.size(); ++i)
    change[i].tensor.sub_(parts->model->parameters()[i].tensor.detach());
  return change;
}

// The network has two blocks: 0.5^3 below them, then 0.5^2, 0.5 with the norm, and the head.
double expected_scale(const std::string& name) {
  if (name.starts_with("head")) return 1;
  if (name.starts_with("norm") || name.starts_with("blocks.1.")) return 0.5;
  return name.starts_with("blocks.0.") ? 0.25 : 0.125;
}

TEST(LayerDecay, ScalesEachLayersUpdate) {
  const NamedTensors same = first_change({}), decayed = first_change({"layer_decay=0.5"});
  for (size_t i = 0; i < same.size(); ++i) {
    const double scale = expected_scale(same[i].name),
                 most = same[i].tensor.abs().max().item<double>();
    EXPECT_GT(most, 0) << same[i].name;
    const double apart = (same[i].tensor * scale - decayed[i].tensor).abs().max().item<double>();
    EXPECT_LE(apart, 1e-3 * scale * most + 1e-7) << same[i].name;
  }
}

TEST(LayerDecay, ResumesExactly) {
  const TempDir whole, parts, plain;
  TrainingRun{whole.path(), {"layer_decay=0.65"}, {}}.train();
  TrainingRun{parts.path(), {"layer_decay=0.65"}, 5}.train();
  TrainingRun{parts.path(), {"layer_decay=0.65", "loader.threads=5"}, {}}.train();
  TrainingRun{plain.path(), {}, {}}.train();
  const auto weights = [](const TempDir& folder, const char* file) {
    return checksum_of_file(TrainingRun{folder.path(), {}, {}}.checkpoint(12) / file);
  };
  for (const char* file : {"model.safetensors", "average.safetensors", "state.safetensors"}) {
    EXPECT_EQ(weights(whole, file), weights(parts, file)) << file;
  }
  EXPECT_NE(weights(whole, "model.safetensors"), weights(plain, "model.safetensors"));
}

}  // namespace
}  // namespace vit::test
