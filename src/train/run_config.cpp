#include "vit/train/run_config.hpp"

#include "vit/config/reader.hpp"
#include "vit/models/preset_input.hpp"

namespace vit {

void RunConfig::check(config::Problems& problems) const {
  problems.require(steps.value > 0, "steps",
                   "must be a positive length such as '300 epochs' or '10000 steps'");
  problems.require(steps.unit != Duration::Unit::kSeconds && steps.unit != Duration::Unit::kPercent,
                   "steps",
                   "must be given in epochs, steps or examples (run.max_time limits the time)");
  problems.require(!run.max_time || run.max_time->unit == Duration::Unit::kSeconds, "run.max_time",
                   "must be a time such as '2 hours'");
  const auto countable = [&](const Duration& duration, const char* key) {
    problems.require(duration.unit != Duration::Unit::kSeconds, key,
                     "must be given in epochs, steps, examples or percent");
  };
  countable(eval.every, "eval.every");
  countable(checkpoint.every, "checkpoint.every");
  countable(log.every, "log.every");
  problems.require(mix.name() == "none" || objective.name() == "classification", "mix",
                   "blends the labels of images, which only a classification looks at");
  problems.require(mix.name() == "none" || batch.examples >= 2 * batch.accumulate, "mix",
                   "needs at least two images in each part of a batch, for a partner: raise "
                   "batch.examples, lower batch.accumulate or use mix: none");
}

InputConfig input_of_preset(const std::string& model) {
  InputConfig input;
  if (const std::optional<PresetInput> preset = preset_input(model)) {
    input.mean.assign(preset->mean.begin(), preset->mean.end());
    input.std.assign(preset->std.begin(), preset->std.end());
    input.crop = preset->crop;
    input.interpolation =
        preset->interpolation == "bilinear" ? Interpolation::kBilinear : Interpolation::kBicubic;
  }
  return input;
}

RunConfig read_run_config(const config::Document& document, const InputConfig* input) {
  RunConfig initial;
  const std::string named = document.scalar("model");
  initial.input =
      input != nullptr ? *input : input_of_preset(named.empty() ? initial.model.name() : named);
  return config::read<RunConfig>(document, initial);
}

}  // namespace vit
