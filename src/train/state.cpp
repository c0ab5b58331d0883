#include "vit/train/state.hpp"

namespace vit {

void EvalRecord::visit(Archive& archive, const std::string& prefix) {
  archive.number(prefix + "step", step);
  archive.number(prefix + "averaged", averaged);
  archive.number(prefix + "top1_count", top1_count);
  archive.number(prefix + "top5_count", top5_count);
  archive.number(prefix + "n", n);
  archive.number(prefix + "loss", loss);
}

void State::visit(Archive& archive) {
  for (const NamedTensor& item : optimizer.state(parameters)) {
    archive.tensor("optimizer/" + item.name, item.tensor);
  }
  archive.tensor("window/sums", window.sums);
  archive.number("window/steps", window.steps);

  archive.number("step", progress.step);
  archive.number("examples", progress.examples);
  archive.number("epoch_size", progress.epoch_size);

  best.visit(archive, "best/");
  archive.number("best/evaluations_since", evaluations_since_best);
  last_raw.visit(archive, "last_raw/");
  last_average.visit(archive, "last_average/");
  archive.number("evaluation_pending", evaluation_pending);

  archive.number("seconds/wall", clocks.wall);
  archive.number("seconds/train", clocks.train);
  archive.number("seconds/eval", clocks.eval);
  archive.number("seconds/checkpoint", clocks.checkpoint);
}

}  // namespace vit
