// Runs that mix their training batches: configuration, steps, evaluation, samples.
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/data/image_codec.hpp"
#include "vit/train/update.hpp"

#include "support/temp_dir.hpp"
#include "train/run_records.hpp"
#include "training_run.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace vit::test {
namespace {

using testing::HasSubstr;

std::string complaint_about(const std::string& text) {
  try {
    read_run_config(config::Document::from_text(text, "my.yaml"));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(MixConfig, BadValuesAreNamedWithTheirPlace) {
  const std::map<std::string, std::string> cases = {
      {"{name: mixup, alpha: -1}", "mix.alpha"},
      {"{name: mixup, alpha: 0}", "mix.alpha"},
      {"{name: mixup, probability: 1.5}", "mix.probability"},
      {"{name: mixup, per: pair, partner: roll}", "mix.per"},
      {"{name: mixup, per: image}", "mix.per"},
      {"{name: cutmix, alpha: .nan}", "mix.alpha"},
      {"{name: mixup_or_cutmix, mixup: 0, cutmix: 0}", "mix.cutmix"},
      {"{name: mixup_or_cutmix, switch_probability: -0.1}", "mix.switch_probability"},
      {"{name: mixup, lambda: 0.5}", "mix.lambda"},
      {"{name: mixupp}", "did you mean 'mixup'"},
      {"{name: none, alpha: 1}", "mix.alpha"}};
  for (const auto& [keys, named] : cases) {
    const std::string text =
        complaint_about("batch: {examples: 8}\ndata: {name: synthetic}\nmix: " + keys + "\n");
    EXPECT_THAT(text, HasSubstr("my.yaml:3:")) << keys;
    EXPECT_THAT(text, HasSubstr(named)) << keys;
  }
}

TEST(MixConfig, APartOfOneExampleHasNoPartner) {
  const std::string data = "data: {name: synthetic}\n";
  EXPECT_THAT(complaint_about(data + "batch: {examples: 4, accumulate: 4}\nmix: {name: cutmix}\n"),
              HasSubstr("my.yaml:3:1: mix: needs at least two images in each part"));
  EXPECT_EQ(complaint_about(data + "batch: {examples: 4, accumulate: 2}\nmix: {name: cutmix}\n"),
            "");
  EXPECT_EQ(complaint_about(data + "batch: {examples: 4, accumulate: 4}\n"), "");
}

std::string header_of(const Parts& parts) {
  std::string text;
  for (const auto& [label, fact] : parts.header) text += label + " " + fact + "\n";
  return text;
}

TEST(MixedTraining, SaysSoAndEvaluatesUnmixed) {
  const TempDir mixed, plain;
  const std::vector<std::string> still = {"schedule={name: constant, lr: 1.0e-30}",
                                          "model.head_zero_init=false"};
  std::vector<std::string> with = still, mixed_lines, plain_lines;
  with.emplace_back("mix={name: mixup_or_cutmix, per: element}");
  const TrainingRun run{mixed.path(), with, {}};
  EXPECT_THAT(header_of(*assemble(run.config())), HasSubstr(" \u00b7 mixup_or_cutmix \u00b7 "));
  run.train(&mixed_lines);
  TrainingRun{plain.path(), still, {}}.train(&plain_lines);
  ASSERT_EQ(mixed_lines.size(), plain_lines.size());
  for (size_t i = 0; i < mixed_lines.size(); ++i) {
    const bool is_evaluation = mixed_lines[i].starts_with("eval");
    EXPECT_EQ(mixed_lines[i] == plain_lines[i], is_evaluation) << mixed_lines[i];
  }
}

TEST(MixedTraining, LearnsWhatItMixes) {
  const TempDir folder;
  const std::vector<std::string> sets = {
      "model.dropout=0", "model.stochastic_depth=0", "data.train_examples=16", "augment=[]",
      "steps=150 steps", "schedule.lr=3.0e-3",       "batch.accumulate=2"};
  const auto known = assemble(TrainingRun{folder.path(), sets, {}}.config());
  const Batch batch = training_batches(*known)->next();
  for (const char* keys : {"mix={name: mixup, alpha: 0.2}", "mix={name: cutmix}",
                           "mix={name: mixup_or_cutmix, per: pair}"}) {
    SCOPED_TRACE(keys);
    std::vector<std::string> with = sets;
    with.emplace_back(keys);
    const auto parts = assemble(TrainingRun{folder.path(), with, {}}.config());
    const auto batches = training_batches(*parts);
    FiniteGuard guard(parts->device);
    for (int64_t step = 0; step < 150; ++step) update_weights(*parts, *batches, guard, step);
    const at::Tensor logits = parts->model->forward(batch.images, Mode::kEval);
    EXPECT_LT(at::cross_entropy_loss(logits, batch.targets).item<double>(),
              0.4);  // log 4 to begin with
  }
}

TEST(MixedTraining, PartsOfABatchAndStepsDiffer) {
  const TempDir folder;
  const auto parts = assemble(
      TrainingRun{folder.path(), {"mix={name: mixup, alpha: 1, per: batch}"}, {}}.config());
  std::set<double> drawn;
  for (int64_t step = 0; step < 3; ++step) {
    for (int64_t part = 0; part < 2; ++part) {
      Batch batch;
      batch.images = at::zeros({2, 3, 4, 4});
      batch.targets = at::arange(2);
      const Batch mixed = (*parts->mix)(batch, mixing_key(*parts, step, part));
      drawn.insert(mixed.targets[0][0].item<double>());
    }
  }
  EXPECT_EQ(drawn.size(), 6u);
}

// The grid of samples is the first batch that the network sees.
TEST(MixedTraining, SamplesAreMixed) {
  const TempDir folder;
  for (const char* keys :
       {"mix={name: none}", "mix={name: mixup, alpha: 1, per: element}", "mix={name: cutmix}"}) {
    SCOPED_TRACE(keys);
    const auto parts = assemble(TrainingRun{folder.path(), {keys}, {}}.config());
    write_sample_grid(folder / "grid.png", *parts);
    const Image grid = decode_image(read_text(folder / "grid.png"), "grid.png");
    const auto batches = training_batches(*parts);
    for (int64_t part = 0; part < 2; ++part) {
      const Batch batch = (*parts->mix)(batches->next(), mixing_key(*parts, 0, part));
      const at::Tensor pixels = ((batch.images * 0.5 + 0.5) * 255).permute({0, 2, 3, 1});
      double worst = 0;
      for (int64_t i = 0; i < 8; ++i) {
        const int64_t place = part * 8 + i, top = 2 + place / 4 * 18, left = 2 + place % 4 * 18;
        for (int64_t y = 0; y < 16; ++y) {
          const at::Tensor row =
              at::from_blob(const_cast<uint8_t*>(grid.row(top + y)) + left * 3, {16, 3}, at::kByte);
          const at::Tensor apart = (row.to(at::kFloat) - pixels[i][y]).abs();
          worst = std::max(worst, apart.max().item<double>());
        }
      }
      EXPECT_LE(worst, 0.51);  // rounding
    }
  }
}

}  // namespace
}  // namespace vit::test
