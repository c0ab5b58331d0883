// The whole YAML file as one struct. Every program that trains reads this and nothing else.
#pragma once

#include "vit/config/component.hpp"
#include "vit/config/document.hpp"
#include "vit/data/loader.hpp"
#include "vit/data/transform.hpp"
#include "vit/models/weights.hpp"
#include "vit/optim/averaging.hpp"
#include "vit/optim/loss.hpp"
#include "vit/optim/optimizer.hpp"
#include "vit/optim/parameter_policy.hpp"
#include "vit/optim/schedule.hpp"
#include "vit/runtime/precision.hpp"
#include "vit/train/mix.hpp"
#include "vit/train/objective.hpp"
#include "vit/train/probe.hpp"

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vit {

constexpr auto enum_names(Precision) {
  return std::array{std::pair{"fp32", Precision::kFp32}, std::pair{"bf16", Precision::kBf16}};
}

struct BatchConfig {
  int64_t examples = 128;
  int64_t accumulate = 1;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&BatchConfig::examples>("Examples per update.", in_range(1, 1 << 24)),
        field<&BatchConfig::accumulate>(
            "Parts a batch is split into to save memory; the update is that of the whole batch.",
            positive)};
  }
  void check(config::Problems& problems) const {
    problems.require(accumulate > 0 && examples % accumulate == 0, "accumulate",
                     "must divide batch.examples");
  }
};

struct ClipConfig {
  double norm = 0.0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&ClipConfig::norm>(
        "Largest global L2 norm of the gradient; larger ones are scaled down. 0: no clipping.",
        non_negative)};
  }
};

struct EvalConfig {
  Duration every = Duration::epochs(1);
  int64_t batch = 0;
  std::vector<TrainingProbeSection> probes;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&EvalConfig::every>("How often to evaluate; 0 steps: only at the end.").resumable(),
        field<&EvalConfig::batch>("Examples per forward pass; 0: as many as in training.",
                                  non_negative)
            .resumable(),
        field<&EvalConfig::probes>(
            "What is asked of the frozen features as training goes along, each as often as its "
            "`every` says: [{name: few_shot, every: 10 epochs, shots: [10]}].")
            .resumable()};
  }
};

struct CheckpointConfig {
  Duration every = Duration::epochs(1);
  int64_t keep_last = 2;
  int64_t keep_best = 1;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&CheckpointConfig::every>("How often to save; 0 steps: only at the end.").resumable(),
        field<&CheckpointConfig::keep_last>("Newest checkpoints to keep.", positive).resumable(),
        field<&CheckpointConfig::keep_best>(
            "1: save and keep the checkpoint with the best validation top-1; 0: do not.",
            in_range(0, 1))
            .resumable()};
  }
};

struct LogConfig {
  Duration every = Duration::steps(50);
  bool tensorboard = true;
  bool samples = true;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&LogConfig::every>("How often to report; a report is the only wait for the device.")
            .resumable(),
        field<&LogConfig::tensorboard>("Write TensorBoard event files to tb/.").resumable(),
        field<&LogConfig::samples>("Write a picture of the first augmented batch to samples/.")
            .resumable()};
  }
};

struct RunLimits {
  std::optional<Duration> max_time;
  int64_t patience = 0;
  bool deterministic = false;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&RunLimits::max_time>("Wall-clock limit of one session; then save and exit 75.")
            .resumable(),
        field<&RunLimits::patience>(
            "Stop after this many evaluations without a better validation top-1; 0: never.",
            non_negative)
            .resumable(),
        field<&RunLimits::deterministic>(
            "Only bit-reproducible device kernels, at a cost in speed.")
            .resumable()};
  }
};

struct RunConfig {
  int64_t seed = 0;
  std::string device = "auto";
  Precision precision = Precision::kFp32;
  Duration steps = Duration::epochs(1);
  BatchConfig batch;
  ModelSection model{"vit_b16"};
  InitConfig init;
  DataSection data;
  InputConfig input;
  std::vector<TransformSection> augment;
  MixSection mix{"none"};
  ObjectiveSection objective{"classification"};
  LossSection loss{"softmax"};
  OptimizerSection optimizer{"adam"};
  ScheduleSection schedule{"cosine"};
  ClipConfig clip;
  LoaderConfig loader;
  std::vector<ParameterRule> parameters;
  double layer_decay = 1;
  AverageSection average{"none"};
  EvalConfig eval;
  CheckpointConfig checkpoint;
  LogConfig log;
  RunLimits run;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&RunConfig::seed>(
            "Of everything random: weights, order, augmentation, mixing, dropout.", non_negative),
        field<&RunConfig::device>("auto, cpu, cuda or cuda:N.").resumable(),
        field<&RunConfig::precision>(
            "Arithmetic of the matrix products; weights are fp32 in any case."),
        field<&RunConfig::steps>("Length of the run."),
        field<&RunConfig::batch>("The batch of one update."),
        field<&RunConfig::model>("The network."),
        field<&RunConfig::init>("Weights to start from."),
        field<&RunConfig::data>("The images and labels."),
        field<&RunConfig::input>("What the model expects of an image. Comes with the preset or the "
                                 "weights and is stored with them."),
        field<&RunConfig::augment>(
            "Transforms of the training images, in order; afterwards images are brought to the "
            "model's size as `input` says."),
        field<&RunConfig::mix>(
            "How the images of a training batch, and their labels, are blended with one another: "
            "within each part of an accumulated batch. The training loss is then that of mixed "
            "labels. Evaluation never mixes."),
        field<&RunConfig::objective>("What the network learns to tell."),
        field<&RunConfig::loss>("What is minimised, in a classification."),
        field<&RunConfig::optimizer>("How weights follow gradients."),
        field<&RunConfig::schedule>("The learning rate over the run."),
        field<&RunConfig::clip>("Gradient clipping."),
        field<&RunConfig::loader>("Threads that read and augment images.").resumable(),
        field<&RunConfig::parameters>("Rules by parameter name; the first that matches decides."),
        field<&RunConfig::layer_decay>(
            "Factor on the learning rate from each layer to the one below it; the head has the "
            "full rate. 1: the same rate everywhere.",
            above(0.0), at_most(1.0)),
        field<&RunConfig::average>("A running average of the weights, evaluated beside them."),
        field<&RunConfig::eval>("Evaluation during the run.").resumable(),
        field<&RunConfig::checkpoint>("Saving.").resumable(),
        field<&RunConfig::log>("Reports.").resumable(),
        field<&RunConfig::run>("Limits of the run.").resumable()};
  }
  void check(config::Problems& problems) const;
};

// The preprocessing a preset was trained with; the paper's [-1, 1] for every other model.
InputConfig input_of_preset(const std::string& model);

// Reads a document; keys it leaves out get their defaults, `input` the one that comes with the
// model's preset (or `input` when given: that of the weights). Throws ConfigError with all
// problems.
RunConfig read_run_config(const config::Document& document, const InputConfig* input = nullptr);

}  // namespace vit
