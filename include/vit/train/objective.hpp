// What training asks of the network: the class of an image, or what its hidden patches show. An
// objective decides what is trained beside the network, gives the loss of a batch, and judges the
// validation split.
#pragma once

#include "vit/config/component.hpp"
#include "vit/data/transform.hpp"
#include "vit/models/model.hpp"
#include "vit/optim/loss.hpp"
#include "vit/train/batch_stream.hpp"
#include "vit/train/evaluator.hpp"

#include <memory>

namespace vit {

class Objective {
 public:
  virtual ~Objective() = default;

  // The model that is trained: `section` with what the objective adds. `args.classes` are those of
  // the data. Throws ConfigError for a network that cannot be asked this.
  virtual std::unique_ptr<Model> build(const ModelSection& section, ModelArgs args) = 0;

  // Mean loss of a batch as a scalar with a gradient, for the model build() made. Draws from
  // LibTorch's default generator only, and never waits for the device.
  virtual at::Tensor loss(const Batch& batch) const = 0;

  // How well the model answers; a function of the weights and the split alone.
  virtual Evaluation evaluate(const EvalPlan& plan) const = 0;
};

struct ObjectiveArgs {
  LossSection loss;
  InputConfig input;
};

// Catalogue: `objective: {name: masked_patches, target: mean_color}`.
struct Objectives {
  using Catalog = config::Catalog<Objective, const ObjectiveArgs&>;
  static const Catalog& catalog();
};
using ObjectiveSection = config::Component<Objectives>;

}  // namespace vit
