// A run that is stopped and resumed is the run that was not, bit for bit.
#include "vit/core/files.hpp"

#include "support/temp_dir.hpp"
#include "training_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace vit::test {
namespace {

constexpr int64_t kSteps = 12;

void expect_same_checkpoint(const fs::path& a, const fs::path& b) {
  for (const char* file : {"model.safetensors", "average.safetensors", "state.safetensors"}) {
    EXPECT_EQ(checksum_of_file(a / file), checksum_of_file(b / file)) << file << " of " << b;
  }
}

class Resume : public testing::TestWithParam<int64_t> {};

TEST_P(Resume, IsBitExactAtAnyStep) {
  const TempDir whole, parts;
  std::vector<std::string> expected, got;
  TrainingRun{whole.path(), {}, {}}.train(&expected);

  const RunSummary stopped = TrainingRun{parts.path(), {}, GetParam()}.train(&got);
  EXPECT_EQ(stopped.status, "stopped");
  EXPECT_EQ(stopped.exit_code, 75);
  EXPECT_EQ(stopped.at.step, GetParam());
  // Another number of loader threads must not matter.
  const RunSummary done = TrainingRun{parts.path(), {"loader.threads=5"}, {}}.train(&got);
  EXPECT_EQ(done.status, "done");

  EXPECT_EQ(got, expected);
  expect_same_checkpoint(TrainingRun{whole.path(), {}, {}}.checkpoint(kSteps),
                         TrainingRun{parts.path(), {}, {}}.checkpoint(kSteps));
}

INSTANTIATE_TEST_SUITE_P(AllSteps, Resume, testing::Range<int64_t>(1, kSteps));

TEST(ResumeOften, EveryStepInASessionOfItsOwn) {
  const TempDir whole, parts;
  std::vector<std::string> expected, got;
  TrainingRun{whole.path(), {}, {}}.train(&expected);
  // Stopped right after the last step, the run still owes its evaluation.
  for (int64_t step = 1; step <= kSteps; ++step) {
    EXPECT_EQ((TrainingRun{parts.path(), {}, step}.train(&got).status), "stopped");
  }
  EXPECT_EQ((TrainingRun{parts.path(), {}, {}}.train(&got).status), "done");
  EXPECT_EQ(got, expected);
  expect_same_checkpoint(TrainingRun{whole.path(), {}, {}}.checkpoint(kSteps),
                         TrainingRun{parts.path(), {}, {}}.checkpoint(kSteps));
}

// Stopped at a step with probes and an evaluation, with probes alone, and with neither.
TEST(ResumeProbes, ThoseCutShortAreAskedAgain) {
  const std::vector<std::string> probes = {
      "eval.probes=[{name: few_shot, every: 3 steps, shots: [1, 2], seeds: [0]}, "
      "{name: knn, every: 6 steps, k: [3]}]"};
  const TempDir whole;
  std::vector<std::string> expected;
  TrainingRun{whole.path(), probes, {}}.train(&expected);
  const auto is_probe = [](const std::string& line) { return line.starts_with("probe "); };
  EXPECT_EQ(std::count_if(expected.begin(), expected.end(), is_probe), 4 * 4 + 2 * 2);
  for (const int64_t step : {6, 9, 10, 12}) {
    const TempDir parts;
    std::vector<std::string> got;
    EXPECT_EQ((TrainingRun{parts.path(), probes, step}.train(&got).status), "stopped");
    EXPECT_EQ((TrainingRun{parts.path(), probes, {}}.train(&got).status), "done");
    EXPECT_EQ(got, expected) << "stopped at " << step;
  }
}

TEST(ResumeChecks, SeesADifferentSeed) {  // the comparison above can fail
  const TempDir a, b;
  TrainingRun{a.path(), {}, {}}.train();
  TrainingRun{b.path(), {"seed=1"}, {}}.train();
  EXPECT_NE(
      checksum_of_file(TrainingRun{a.path(), {}, {}}.checkpoint(kSteps) / "model.safetensors"),
      checksum_of_file(TrainingRun{b.path(), {}, {}}.checkpoint(kSteps) / "model.safetensors"));
}

TEST(ResumeChecks, OptimizersOfAllKindsResumeExactly) {
  for (const std::string optimizer :
       {"optimizer={name: sgd, momentum: 0.9}", "optimizer={name: sgd, momentum_dtype: bfloat16}",
        "optimizer={name: adam, moment_dtype: bfloat16}",
        "optimizer={name: adam, decay_mode: l2}"}) {
    const TempDir whole, parts;
    TrainingRun{whole.path(), {optimizer}, {}}.train();
    TrainingRun{parts.path(), {optimizer}, 5}.train();
    TrainingRun{parts.path(), {optimizer}, {}}.train();
    SCOPED_TRACE(optimizer);
    expect_same_checkpoint(TrainingRun{whole.path(), {}, {}}.checkpoint(kSteps),
                           TrainingRun{parts.path(), {}, {}}.checkpoint(kSteps));
  }
}

TEST(ResumeChecks, MixingResumesExactly) {
  for (const std::string mix :
       {"mix={name: mixup, partner: roll}", "mix={name: mixup_or_cutmix, per: element}"}) {
    const TempDir whole, parts;
    TrainingRun{whole.path(), {mix}, {}}.train();
    TrainingRun{parts.path(), {mix}, 5}.train();
    TrainingRun{parts.path(), {mix, "loader.threads=5"}, {}}.train();
    SCOPED_TRACE(mix);
    expect_same_checkpoint(TrainingRun{whole.path(), {}, {}}.checkpoint(kSteps),
                           TrainingRun{parts.path(), {}, {}}.checkpoint(kSteps));
  }
}

void flip_byte(const fs::path& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(-1, std::ios::end);
  const char last = static_cast<char>(stream.get());
  stream.seekp(-1, std::ios::end);
  stream.put(static_cast<char>(last ^ 1));
}

TEST(BrokenCheckpoint, IsPassedOverForTheOneBefore) {
  const TempDir whole, broken;
  TrainingRun{whole.path(), {}, {}}.train();
  const TrainingRun run{broken.path(), {}, {}};
  TrainingRun{broken.path(), {}, 9}.train();
  flip_byte(run.checkpoint(9) / "state.safetensors");
  run.train();
  expect_same_checkpoint(TrainingRun{whole.path(), {}, {}}.checkpoint(kSteps),
                         run.checkpoint(kSteps));
}

TEST(BrokenCheckpoint, IsNamedWithTheFileThatChanged) {
  const TempDir folder;
  const TrainingRun run{folder.path(), {}, {}};
  run.train();
  for (const char* file : {"model.safetensors", "average.safetensors", "state.safetensors",
                           "progress.json", "config.yaml"}) {
    flip_byte(run.checkpoint(kSteps) / file);
    try {
      verify_checkpoint(run.checkpoint(kSteps));
      ADD_FAILURE() << file;
    } catch (const CheckpointError& error) {
      EXPECT_NE(std::string(error.what()).find(file), std::string::npos) << error.what();
    }
    flip_byte(run.checkpoint(kSteps) / file);
    EXPECT_NO_THROW(verify_checkpoint(run.checkpoint(kSteps)));
  }
  fs::remove(run.checkpoint(kSteps) / "progress.json");
  EXPECT_THROW(verify_checkpoint(run.checkpoint(kSteps)), CheckpointError);
}

TEST(BrokenCheckpoint, OfAnotherModelChangesNothing) {
  const TempDir folder;
  const TrainingRun small{folder.path(), {}, {}};
  small.train();
  const TrainingRun other{folder.path(), {"model.depth=3"}, {}};
  const auto parts = assemble(other.config(), Start::kRestored);
  const at::Tensor before = parts->parameters->values().clone();
  EXPECT_THROW(restore_checkpoint(small.checkpoint(kSteps), *parts->state), CheckpointError);
  EXPECT_TRUE(at::equal(before, parts->parameters->values()));
  EXPECT_EQ(parts->state->progress.step, 0);
}

TEST(BrokenCheckpoint, LeftoversOfAKilledSaveAreRemoved) {
  const TempDir folder;
  const TrainingRun run{folder.path(), {}, {}};
  TrainingRun{folder.path(), {}, 8}.train();
  fs::copy(run.checkpoint(8), folder / "checkpoints" / "step-00000009.tmp",
           fs::copy_options::recursive);
  const CheckpointStore store(folder / "checkpoints", 2);
  EXPECT_EQ(store.newest()->filename(), "step-00000008");
  EXPECT_TRUE(fs::exists(folder / "checkpoints" / "step-00000009.tmp"));  // looking changes nothing
  store.remove_leftovers();
  EXPECT_FALSE(fs::exists(folder / "checkpoints" / "step-00000009.tmp"));
}

}  // namespace
}  // namespace vit::test
