#include "vit/train/state.hpp"

namespace vit {

void State::visit(Archive& archive) {
  for (const NamedTensor& item : optimizer.state(parameters)) {
    archive.tensor("optimizer/" + item.name, item.tensor);
  }
  archive.tensor("window/sums", window.sums);
  archive.number("window/steps", window.steps);

  archive.number("step", progress.step);
  archive.number("examples", progress.examples);

  archive.number("best/step", best.step);
  archive.number("best/top1_count", best.top1_count);
  archive.number("best/top5_count", best.top5_count);
  archive.number("best/n", best.n);
  archive.number("best/loss", best.loss);
  archive.number("best/averaged", best.averaged);
  archive.number("best/evaluations_since", best.evaluations_since);

  archive.number("seconds/wall", clocks.wall);
  archive.number("seconds/train", clocks.train);
  archive.number("seconds/eval", clocks.eval);
  archive.number("seconds/checkpoint", clocks.checkpoint);
}

}  // namespace vit
