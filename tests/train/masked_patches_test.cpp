// Masked patch prediction as an objective of training: targets, learning, resume, fine-tuning.
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "data/data_files.hpp"
#include "support/temp_dir.hpp"
#include "train/objectives/patch_targets.hpp"
#include "training_run.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace vit::test {
namespace {

const std::vector<std::string> kMasked = {"objective={name: masked_patches}", "log.every=1 step"};

// Two patches of 2 x 4 pixels beside each other, with the mean and deviation of ImageNet.
TEST(PatchTargets, AreTheColoursOfThePixels) {
  const Normalisation normalisation{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
  const at::Tensor pixels = at::zeros({1, 3, 2, 8});
  // Left: red 32 .. exactly on a level, green 255, blue 31.5; right: a step of 0 and 127.
  pixels.slice(3, 0, 4).copy_(
      at::tensor({32.0, 255.0, 31.5}).view({1, 3, 1, 1}).expand({1, 3, 2, 4}));
  pixels.slice(3, 6, 8).fill_(127.0);
  const at::Tensor mean = at::tensor(normalisation.mean).view({1, 3, 1, 1}),
                   deviation = at::tensor(normalisation.std).view({1, 3, 1, 1});
  const at::Tensor images = ((pixels / 255 - mean) / deviation).to(at::kFloat);
  const at::Tensor patches = pixel_patches(images, normalisation, {{1, 2}, {2, 4}});
  ASSERT_EQ(patches.sizes(), at::IntArrayRef({1, 2, 3, 2, 4}));
  EXPECT_TRUE(at::allclose(patches[0][0].to(at::kDouble), pixels[0].slice(2, 0, 4).to(at::kDouble),
                           0, 1e-3));
  const at::Tensor colors = mean_color_classes(patches);
  EXPECT_EQ(colors[0][0][0].item<int64_t>(), 64 * 1 + 8 * 7 + 0);
  EXPECT_EQ(colors[0][1][0].item<int64_t>(), (64 + 8 + 1) * 1);  // mean 63.5: level 1
  const at::Tensor cells = downsized_classes(patches);           // 2 rows stand for 4, columns stay
  ASSERT_EQ(cells.sizes(), at::IntArrayRef({1, 2, 16}));
  EXPECT_EQ(cells[0][1][0].item<int64_t>(), 0);
  EXPECT_EQ(cells[0][1][3].item<int64_t>(), (64 + 8 + 1) * 3);
  EXPECT_EQ(cells[0][1][15].item<int64_t>(), (64 + 8 + 1) * 3);
}

TEST(PatchTargets, LeaveOutWhatLiesBeyondTheGrid) {
  const at::Tensor images = at::arange(49).view({1, 1, 7, 7}).to(at::kFloat) / 255;
  const at::Tensor patches = pixel_patches(images, {{0}, {1}}, {{2, 2}, {3, 3}});
  ASSERT_EQ(patches.sizes(), at::IntArrayRef({1, 4, 1, 3, 3}));
  EXPECT_NEAR(patches[0][3][0][2][2].item<double>(), 40, 1e-4);
}

// 32 = 4 x 7 + 4: a patch is still 7 pixels, not 32 / 4.
TEST(PatchTargets, AreWhatThePatchesOfTheModelShow) {
  const TempDir dir;
  const TrainingRun run{dir.path(),
                        {"objective={name: masked_patches, target: pixels}", "model.image=32",
                         "model.patch=7", "data.size=40"},
                        {}};
  const auto parts = assemble(run.config());
  EXPECT_EQ(find_tensor(parts->model->parameters(), "mask_head.weight")->size(0), 3 * 7 * 7);
  const at::Tensor images = at::rand({2, 3, 32, 32});
  const at::Tensor patches =
      pixel_patches(images, {{0, 0, 0}, {1, 1, 1}}, parts->model->patch_tokens());
  ASSERT_EQ(patches.sizes(), at::IntArrayRef({2, 16, 3, 7, 7}));
  EXPECT_TRUE(at::allclose(patches.select(1, 1 * 4 + 2),  // row 1, column 2
                           images.slice(2, 7, 14).slice(3, 14, 21) * 255));
  EXPECT_TRUE(std::isfinite(parts->objective->evaluate(evaluation_plan(*parts)).loss));
}

class MaskedTraining : public testing::TestWithParam<const char*> {};

TEST_P(MaskedTraining, Learns) {
  const TempDir dir;
  std::vector<std::string> sets = {
      "objective={name: masked_patches, target: " + std::string(GetParam()) + "}",
      "steps=60 steps",
      "model.dropout=0",
      "schedule.lr=3.0e-3",
      "eval.every=20 steps",
      "average=none"};
  const RunSummary summary = TrainingRun{dir.path(), sets, {}}.train();
  ASSERT_EQ(summary.status, "done");
  EXPECT_FALSE(summary.has_head);
  const EvalReport& last = summary.last.front();
  const int64_t cells = GetParam() == std::string("downsized") ? 16 : 1;
  EXPECT_EQ(last.n, 40 * 8 * cells);  // half of 16 patches of 40 pictures
  const double start = GetParam() == std::string("pixels") ? 0.4 : std::log(512.0);
  EXPECT_LT(last.loss, 0.9 * start);
}

INSTANTIATE_TEST_SUITE_P(Targets, MaskedTraining,
                         testing::Values("mean_color", "downsized", "pixels"));

TEST(MaskedTraining, ResumesBitForBit) {
  const TempDir whole, parts;
  std::vector<std::string> expected, got;
  TrainingRun{whole.path(), kMasked, {}}.train(&expected);
  TrainingRun{parts.path(), kMasked, 5}.train(&got);
  TrainingRun{parts.path(), kMasked, {}}.train(&got);
  EXPECT_EQ(got, expected);
  EXPECT_EQ(
      checksum_of_file(TrainingRun{whole.path(), {}, {}}.checkpoint(12) / "model.safetensors"),
      checksum_of_file(TrainingRun{parts.path(), {}, {}}.checkpoint(12) / "model.safetensors"));
  EXPECT_TRUE(std::any_of(expected.begin(), expected.end(),
                          [](const std::string& line) { return line.starts_with("eval "); }));
}

// The evaluation hides the same patches each time, whatever training drew before.
TEST(MaskedTraining, IsJudgedByTheWeightsAlone) {
  const TempDir dir;
  const TrainingRun run{dir.path(), kMasked, {}};
  const auto parts = assemble(run.config());
  const Evaluation first = parts->objective->evaluate(evaluation_plan(*parts));
  at::manual_seed(99);
  const Evaluation second = parts->objective->evaluate(evaluation_plan(*parts));
  EXPECT_EQ(first.loss, second.loss);
  EXPECT_EQ(first.top1_count, second.top1_count);
}

TEST(MaskedTraining, IsFineTunedLikeAnyOtherRun) {
  const TempDir pretrained, tuned;
  const TrainingRun run{pretrained.path(), kMasked, {}};
  run.train();
  const std::string weights = (run.checkpoint(12) / "model.safetensors").string();
  const TrainingRun fine{tuned.path(), {"init={weights: " + weights + ", head: reset}"}, {}};
  const auto parts = assemble(fine.config());
  EXPECT_EQ(find_tensor(parts->model->parameters(), "mask_token"), nullptr);
  const auto trained = assemble(run.config(), Start::kRestored);
  restore_checkpoint(run.checkpoint(12), *trained->state);
  EXPECT_TRUE(at::equal(*find_tensor(parts->model->parameters(), "blocks.1.mlp.fc1.weight"),
                        *find_tensor(trained->model->parameters(), "blocks.1.mlp.fc1.weight")));
}

TEST(MaskedTraining, NeedsPatches) {
  const TempDir dir;
  const TrainingRun run{
      dir.path(),
      {"objective=masked_patches", "model=null", "model={name: bit_r50x1, image: 32}"},
      {}};
  EXPECT_THROW(assemble(run.config()), ConfigError);
}

TEST(MaskedTraining, NeedsACorruptedPatch) {
  const TempDir dir;
  const auto with = [&](const std::string& share) {
    return TrainingRun{
        dir.path(), {"objective={name: masked_patches, corrupted: " + share + "}"}, {}}
        .config();
  };
  EXPECT_NO_THROW(assemble(with("0.0625")));
  const std::string problem = error_of<ConfigError>([&] { assemble(with("0.01")); });
  EXPECT_THAT(problem, testing::HasSubstr("objective.corrupted is 0.01"));
  EXPECT_THAT(problem, testing::HasSubstr("16 patches"));
}

// Neither the substitutes nor, in batches of one, a batch of nothing else count.
TEST(MaskedTraining, LeavesOutPicturesThatCannotBeRead) {
  const TempDir dir;
  for (const char* name : {"train/a/0", "train/b/1", "val/a/0", "val/a/1", "val/b/2", "val/b/3"})
    write_file(dir / "in" / (std::string(name) + ".png"), png(16, 16, 90));
  write_file(dir / "in" / "val/b/2.png", "no picture");
  for (const char* target : {"mean_color", "downsized", "pixels"}) {
    for (const char* batch : {"4", "1"}) {
      const TrainingRun run{
          dir.path(),
          {"data={name: folder, root: '" + (dir / "in").string() + "', on_error: skip}",
           "objective={name: masked_patches, target: " + std::string(target) + "}",
           "eval.batch=" + std::string(batch)},
          {}};
      const auto parts = assemble(run.config());
      const Evaluation result = parts->objective->evaluate(evaluation_plan(*parts));
      EXPECT_EQ(result.unreadable_count, 1);
      EXPECT_EQ(result.n, 3 * 8 * (target == std::string("downsized") ? 16 : 1)) << target;
      EXPECT_TRUE(std::isfinite(result.loss)) << target;
    }
  }
}

}  // namespace
}  // namespace vit::test
