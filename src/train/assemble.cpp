#include "vit/train/assemble.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/core/version.hpp"
#include "vit/optim/layer_decay.hpp"
#include "vit/runtime/device.hpp"
#include "vit/train/load_table.hpp"
#include "vit/train/stored_model.hpp"
#include "vit/train/weights_source.hpp"

#include "probes/training_probes.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace vit {
namespace {

Random stream_of(const RunConfig& config, const char* name) {
  return Random(static_cast<uint64_t>(config.seed)).stream(name);
}

void open_data(Parts& parts) {
  const RunConfig& config = parts.config;
  parts.source = config.data.build();
  parts.splits =
      resolve_splits(*parts.source, config.data.common().train, config.data.common().val);
  parts.train_set = open_training_split(*parts.source, parts.splits.train, config.data.common());
  parts.val_set = open_split(*parts.source, parts.splits.val);
  const auto cache = config.data.common().cache.build(config.data.common().exif_orientation);
  parts.train_set = cache->over(std::move(parts.train_set), PictureCache::Use::kTraining);
  parts.val_set = cache->over(std::move(parts.val_set), PictureCache::Use::kEvaluation);

  parts.probes = open_training_probes(config, *parts.source, parts.splits);

  parts.length = {0, config.batch.examples, parts.train_set->size()};
  parts.length.total_steps = in_steps(config.steps, parts.length);

  const DataInfo& info = parts.source->info();
  parts.header.emplace_back(
      "data", fmt::format("{}   train {} ({}) \u00b7 val {} ({}) \u00b7 {} classes", info.kind,
                          grouped(parts.train_set->size()), parts.splits.train,
                          grouped(parts.val_set->size()), parts.splits.val, info.classes.size()));
}

void load_initial_weights(Parts& parts) {
  const InitConfig& init = parts.config.init;
  const WeightsSource source = open_weights(init.weights, "best", WhichWeights::kRaw, init.layout);
  const LoadReport report = load_weights(*parts.model, source.weights, init);
  parts.header.emplace_back("weights",
                            fmt::format("{} ({}, {})\n{}", source.weights.name, source.format,
                                        layout_name(source.weights.layout), load_table(report)));
}

void build_model(Parts& parts, Start start) {
  const RunConfig& config = parts.config;
  const DataInfo& info = parts.source->info();
  parts.objective = config.objective.build({config.loss, config.input});
  parts.model =
      parts.objective->build(config.model, ModelArgs{static_cast<int64_t>(info.classes.size()),
                                                     info.channels, stream_of(config, "init")});
  const Model& model = *parts.model;
  const ModelCost cost = model.cost();
  parts.header.emplace_back(
      "model",
      fmt::format("{}   {}x{}x{} \u2192 {} tokens   {:.2f} M parameters   {} an image",
                  config.model.name(), model.input_size().height, model.input_size().width,
                  model.channels(), cost.tokens, static_cast<double>(parameter_count(model)) / 1e6,
                  human_macs(cost.macs)));
  if (start == Start::kFresh && !config.init.weights.empty()) load_initial_weights(parts);
  move_to(*parts.model, parts.device);

  normalisation_for(config.input, info.channels);  // says now what would not fit later
  const DataCommon& data = config.data.common();
  parts.train_pipeline =
      std::make_unique<Pipeline>(config.augment, config.input, model.input_size(),
                                 DecodeOptions{data.exif_orientation, data.dct_scaling});
  parts.eval_pipeline =
      std::make_unique<Pipeline>(std::vector<TransformSection>{}, config.input, model.input_size(),
                                 DecodeOptions{data.exif_orientation});
}

std::string describe_training(const Parts& parts) {
  const RunConfig& config = parts.config;
  std::string text = to_string(config.steps);
  if (config.steps.unit != Duration::Unit::kSteps)
    text += fmt::format(" = {} steps", grouped(parts.length.total_steps));
  text += fmt::format(" \u00b7 batch {}", config.batch.examples);
  if (config.batch.accumulate > 1) {
    text += fmt::format(" = {} x {}", config.batch.accumulate,
                        config.batch.examples / config.batch.accumulate);
  }
  text += fmt::format(" \u00b7 {} \u00b7 lr {:.3g} {}, warm-up {} \u00b7 {} loss",
                      config.optimizer.name(), config.schedule.common().lr, config.schedule.name(),
                      to_string(config.schedule.common().warmup), config.loss.name());
  if (config.mix.name() != "none") text += " \u00b7 " + config.mix.name();
  if (config.layer_decay < 1) text += fmt::format(" \u00b7 layer decay {}", config.layer_decay);
  if (config.clip.norm > 0) text += fmt::format(" \u00b7 clip {}", config.clip.norm);
  if (config.average.name() != "none") text += " \u00b7 average " + config.average.name();
  text += config.precision == Precision::kBf16 ? " \u00b7 bf16" : " \u00b7 fp32";
  const int64_t trained = parts.parameters->trainable_count(), all = parameter_count(*parts.model);
  if (trained < all)
    text += fmt::format("\n{} of {} parameters trained, the others frozen", grouped(trained),
                        grouped(all));
  return text;
}

void build_optimisation(Parts& parts) {
  const RunConfig& config = parts.config;
  const NamedTensors& weights = parts.model->parameters();
  std::vector<ParameterTraits> traits = apply_policy(config.parameters, weights);
  decay_layers(config.layer_decay, weights, traits);
  parts.parameters = std::make_unique<FlatParameters>(weights, traits);
  parts.mix = config.mix.build(parts.model->classes());
  parts.optimizer = config.optimizer.build(*parts.parameters);
  parts.schedule = build_schedule(config.schedule, parts.length);
  parts.average = config.average.build(*parts.parameters);
  parts.state.reset(new State{.model = *parts.model,
                              .parameters = *parts.parameters,
                              .optimizer = *parts.optimizer,
                              .average = *parts.average,
                              .progress = {.epoch_size = parts.length.epoch_examples,
                                           .total_steps = parts.length.total_steps},
                              .window = MetricWindow(parts.device),
                              .best = {},
                              .evaluations_since_best = 0,
                              .last_raw = {},
                              .last_average = {},
                              .evaluation_pending = 0,
                              .clocks = {}});
  parts.header.emplace_back("train", describe_training(parts));
}

LoaderOptions options_for(const Parts& parts, const Dataset& set, int64_t batch) {
  const DataCommon& data = parts.config.data.common();
  LoaderOptions options = loader_options(parts.config.loader, *parts.model, parts.device, batch);
  options.on_error = data.on_error;
  options.max_errors = error_budget(data.max_errors, set.size());
  return options;
}

int64_t forward_batch(const RunConfig& config) {
  return config.batch.examples / config.batch.accumulate;
}

}  // namespace

std::string human_macs(double macs) {
  return macs >= 1e9 ? fmt::format("{:.3g} GMAC", macs / 1e9)
                     : fmt::format("{:.3g} MMAC", macs / 1e6);
}

std::unique_ptr<Parts> assemble(const RunConfig& config, Start start) {
  auto parts = std::make_unique<Parts>();
  parts->config = config;
  set_deterministic(config.run.deterministic);
  parts->device = choose_device(config.device);
  open_data(*parts);
  build_model(*parts, start);
  build_optimisation(*parts);
  return parts;
}

Sampler training_order(const Parts& parts) {
  return Sampler(parts.train_set->strata(), stream_of(parts.config, "order"),
                 {.repeats = parts.config.data.common().repeats});
}

Random augmentation_seed(const Parts& parts) { return stream_of(parts.config, "augment"); }

Random mixing_key(const Parts& parts, int64_t step, int64_t part) {
  return stream_of(parts.config, "mix")
      .at(static_cast<uint64_t>(step))
      .at(static_cast<uint64_t>(part));
}

std::unique_ptr<BatchStream> training_batches(const Parts& parts) {
  const LoaderOptions options = options_for(parts, *parts.train_set, forward_batch(parts.config));
  auto loader =
      std::make_unique<Loader>(*parts.train_set, *parts.train_pipeline, training_order(parts),
                               augmentation_seed(parts), options, parts.state->progress.examples,
                               parts.length.total_steps * parts.config.batch.examples);
  return std::make_unique<BatchStream>(std::move(loader), options,
                                       normalisation_for(parts.config.input, options.channels),
                                       parts.device);
}

EvalPlan evaluation_plan(const Parts& parts) {
  EvalPlan plan;
  plan.dataset = parts.val_set.get();
  plan.pipeline = parts.eval_pipeline.get();
  plan.input = parts.config.input;
  plan.loader = options_for(
      parts, *parts.val_set,
      parts.config.eval.batch > 0 ? parts.config.eval.batch : forward_batch(parts.config));
  plan.device = parts.device;
  plan.precision = parts.config.precision;
  return plan;
}

CheckpointText checkpoint_text(const Parts& parts) {
  CheckpointText text;
  text.config = config::write(parts.config);
  text.metadata = describe_for_file(parts.config.model, parts.config.input, *parts.model,
                                    parts.source->info().classes);
  return text;
}

}  // namespace vit
