// What the loop promises beside exact resume.
#include "vit/core/files.hpp"
#include "vit/runtime/precision.hpp"
#include "vit/train/update.hpp"

#include "support/temp_dir.hpp"
#include "training_run.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace vit::test {
namespace {

const std::vector<std::string> kNoChance = {"model.dropout=0", "model.stochastic_depth=0"};

std::vector<std::string> with(std::vector<std::string> sets, const std::vector<std::string>& more) {
  sets.insert(sets.end(), more.begin(), more.end());
  return sets;
}

at::Tensor weights_after(const TrainingRun& run, int64_t steps) {
  const auto parts = assemble(run.config());
  const auto batches = training_batches(*parts);
  FiniteGuard guard(parts->device);
  for (int64_t step = 0; step < steps; ++step) update_weights(*parts, *batches, guard, step);
  return parts->parameters->values().clone();
}

TEST(Accumulation, EqualsTheLargeBatch) {
  const TempDir folder;
  const at::Tensor whole =
      weights_after({folder.path(), with(kNoChance, {"batch.accumulate=1"}), {}}, 6);
  for (const char* parts : {"batch.accumulate=2", "batch.accumulate=4", "batch.accumulate=16"}) {
    const at::Tensor split =
        weights_after({folder.path(), with(kNoChance, {parts, "optimizer={name: sgd}"}), {}}, 6);
    const at::Tensor one = weights_after(
        {folder.path(), with(kNoChance, {"batch.accumulate=1", "optimizer={name: sgd}"}), {}}, 6);
    EXPECT_LT((split - one).abs().max().item<double>(), 1e-6) << parts;
    EXPECT_GT((split - whole).abs().max().item<double>(),
              1e-6);  // SGD is not Adam: the comparison can fail
  }
}

TEST(Overfitting, OneBatchIsLearntByHeart) {
  const TempDir folder;
  const TrainingRun run{folder.path(),
                        with(kNoChance, {"data.train_examples=16", "augment=[]", "steps=80 steps",
                                         "schedule.lr=3.0e-3", "eval.every=0 steps",
                                         "checkpoint.every=0 steps", "batch.accumulate=1"}),
                        {}};
  std::vector<std::string> lines;
  const auto parts = assemble(run.config());
  const auto batches = training_batches(*parts);
  FiniteGuard guard(parts->device);
  double first = 0, last = 0;
  for (int64_t step = 0; step < 80; ++step) {
    last = update_weights(*parts, *batches, guard, step).loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_NEAR(first, std::log(4.0), 1e-5);  // the head starts at zero
  EXPECT_LT(last, 0.05);
}

TEST(Divergence, IsLatchedNamedAndLeavesTheLastGoodCheckpoint) {
  const TempDir folder;
  const TrainingRun run{
      folder.path(),
      {"optimizer={name: sgd}", "schedule={name: constant, lr: 1.0e+30, warmup: 6 steps}",
       "clip.norm=0", "checkpoint.every=1 step", "eval.every=0 steps", "log.every=1 step"},
      {}};
  int64_t bad = -1;
  try {
    run.train();
    FAIL() << "should have diverged";
  } catch (const DivergedAt& error) {
    bad = error.step;
    EXPECT_EQ(error.code(), ExitCode::kDiverged);
    EXPECT_NE(std::string(error.what()).find("step " + std::to_string(bad)), std::string::npos)
        << error.what();
  }
  ASSERT_GE(bad, 1);
  const fs::path last = fs::canonical(folder / "checkpoints" / "last");
  EXPECT_EQ(last.filename(), checkpoint_name(bad));
  const auto parts = assemble(run.config(), Start::kRestored);
  restore_checkpoint(last, *parts->state);
}

TEST(Divergence, NothingIsUpdatedAfterTheFirstBadStep) {
  const TempDir folder;
  const TrainingRun run{folder.path(), kNoChance, {}};
  const auto parts = assemble(run.config());
  const auto batches = training_batches(*parts);
  FiniteGuard guard(parts->device);
  for (int64_t step = 0; step < 3; ++step) update_weights(*parts, *batches, guard, step);
  const at::Tensor before = parts->parameters->values().clone();
  guard.watch(at::full({}, std::nan("")), at::ones({}), 3);
  update_weights(*parts, *batches, guard, 4);
  EXPECT_EQ(guard.first_bad_step(), 3);
  EXPECT_TRUE(at::equal(before, parts->parameters->values()));
}

TEST(Patience, StopsEarlyAndKeepsTheBest) {
  const TempDir folder;
  // A rate of almost zero and a head that is not zero: the first evaluation stays the best one.
  const RunSummary summary = TrainingRun{
      folder.path(),
      {"schedule={name: constant, lr: 1.0e-30}", "eval.every=1 step", "run.patience=3",
       "model.head_zero_init=false"},
      {}}.train();
  EXPECT_EQ(summary.status, "early_stopped");
  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.at.step, 4);
  EXPECT_EQ(fs::read_symlink(folder / "checkpoints" / "best"), checkpoint_name(1));
}

TEST(TimeLimit, SavesAndSaysResumeMe) {
  const TempDir folder;
  const RunSummary summary = TrainingRun{folder.path(), {"run.max_time=0 seconds"}, {}}.train();
  EXPECT_EQ(summary.status, "time_limit");
  EXPECT_EQ(summary.exit_code, 75);
  EXPECT_TRUE(fs::exists(folder / "checkpoints" / "last"));
}

TEST(Checkpoints, KeepsTheNewestAndTheBest) {
  const TempDir folder;
  TrainingRun{folder.path(), {"checkpoint={every: 1 step, keep_last: 3}"}, {}}.train();
  const auto kept = CheckpointStore(folder / "checkpoints", 3).all();
  const fs::path best = fs::read_symlink(folder / "checkpoints" / "best");
  EXPECT_TRUE(fs::exists(folder / "checkpoints" / best));
  EXPECT_GE(kept.size(), 3u);
  EXPECT_LE(kept.size(), 4u);
  EXPECT_EQ(kept.back().filename(), checkpoint_name(12));
}

TEST(Bf16, TrainsCloseToFp32) {
  const TempDir folder;
  const at::Tensor fp32 = weights_after({folder.path(), kNoChance, {}}, 4);
  const at::Tensor bf16 =
      weights_after({folder.path(), with(kNoChance, {"precision=bf16"}), {}}, 4);
  const double apart = (fp32 - bf16).abs().max().item<double>();
  EXPECT_GT(apart, 0.0);  // it really is another arithmetic
  EXPECT_LT(apart, 2e-2);
  EXPECT_EQ(bf16.scalar_type(), at::kFloat);
}

TEST(Frozen, ParametersStayAsTheyWere) {
  const TempDir folder;
  const TrainingRun run{
      folder.path(), {"parameters=[{match: \"^blocks\\\\.0\\\\.\", frozen: true}]"}, {}};
  const auto parts = assemble(run.config());
  NamedTensors before;
  for (const NamedTensor& item : parts->model->parameters())
    before.push_back({item.name, item.tensor.detach().clone()});
  const auto batches = training_batches(*parts);
  FiniteGuard guard(parts->device);
  for (int64_t step = 0; step < 4; ++step) update_weights(*parts, *batches, guard, step);
  for (size_t i = 0; i < before.size(); ++i) {
    const bool same = at::equal(before[i].tensor, parts->model->parameters()[i].tensor.detach());
    EXPECT_EQ(same, before[i].name.starts_with("blocks.0.")) << before[i].name;
  }
}

}  // namespace
}  // namespace vit::test
