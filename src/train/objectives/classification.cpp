#include "objectives.hpp"

#include <ATen/ATen.h>

#include <utility>

namespace vit {
namespace {

struct ClassificationConfig {
  static constexpr auto describe() { return std::tuple{}; }
};

class Classification final : public Objective {
 public:
  explicit Classification(const ObjectiveArgs& args) : loss_(args.loss.build()) {}

  std::unique_ptr<Model> build(const ModelSection& section, ModelArgs args) override {
    std::unique_ptr<Model> model = section.build(args);
    model_ = model.get();
    return model;
  }

  at::Tensor loss(const Batch& batch) const override {
    return (*loss_)(model_->forward(batch.images, Mode::kTrain), batch.targets);
  }

  Evaluation evaluate(const EvalPlan& plan) const override { return vit::evaluate(*model_, plan); }

 private:
  std::unique_ptr<Loss> loss_;
  const Model* model_ = nullptr;
};

}  // namespace

void add_classification(Objectives::Catalog& catalog) {
  catalog.add<ClassificationConfig>("classification", "The class of the image, by `loss`.",
                                    [](const ClassificationConfig&, const ObjectiveArgs& args) {
                                      return std::make_unique<Classification>(args);
                                    });
}

}  // namespace vit
