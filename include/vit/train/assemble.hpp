// RunConfig -> the parts of a run: the only place where everything meets.
#pragma once

#include "vit/train/batch_stream.hpp"
#include "vit/train/checkpoint.hpp"
#include "vit/train/evaluator.hpp"
#include "vit/train/objective.hpp"
#include "vit/train/run_config.hpp"
#include "vit/train/state.hpp"

#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vit {

struct Parts {
  RunConfig config;  // with what was resolved: splits, input
  at::Device device{at::kCPU};
  RunLength length;

  std::unique_ptr<DataSource> source;
  SplitNames splits;
  std::unique_ptr<Dataset> train_set, val_set;
  std::unique_ptr<Pipeline> train_pipeline, eval_pipeline;
  std::vector<ProbeGroup> probes;

  std::unique_ptr<Mix> mix;
  std::unique_ptr<Model> model;
  std::unique_ptr<FlatParameters> parameters;
  std::unique_ptr<Objective> objective;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<Schedule> schedule;
  std::unique_ptr<Averaging> average;
  std::unique_ptr<State> state;

  std::vector<std::pair<std::string, std::string>>
      header;  // facts for the header block: label, text
};

// Whether the weights start from `init` or are about to be overwritten by a checkpoint.
enum class Start { kFresh, kRestored };

// Opens the data, builds the model, loads init.weights, flattens the parameters. Throws
// ConfigError, DataError, CheckpointError.
std::unique_ptr<Parts> assemble(const RunConfig& config, Start start = Start::kFresh);

// The order of training examples, and the key of their augmentation: both functions of the seed.
Sampler training_order(const Parts& parts);
Random augmentation_seed(const Parts& parts);

// The key by which part `part` of the batch of update `step` is mixed.
Random mixing_key(const Parts& parts, int64_t step, int64_t part);

// The training batches from the example the state's progress points at.
std::unique_ptr<BatchStream> training_batches(const Parts& parts);

// "17.6 GMAC", "3.3 MMAC".
std::string human_macs(double macs);

// How the validation split is evaluated with the current weights.
EvalPlan evaluation_plan(const Parts& parts);

// The resolved configuration, and the metadata with which vit-eval, vit-predict and Python use the
// weights without another file.
CheckpointText checkpoint_text(const Parts& parts);

}  // namespace vit
