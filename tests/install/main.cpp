// What an outside program does with the library: read a configuration, build the model it names,
// classify one image.
#include <ATen/ATen.h>
#include <vit/config/document.hpp>
#include <vit/config/reader.hpp>
#include <vit/config/schema.hpp>
#include <vit/core/version.hpp>
#include <vit/models/model.hpp>

#include <cstdint>
#include <iostream>
#include <memory>
#include <tuple>

struct Experiment {
  vit::ModelSection model{"vit_ti16"};
  int64_t classes = 0;

  static constexpr auto describe() {
    using namespace vit::config;
    return std::tuple{field<&Experiment::model>("What to build."),
                      field<&Experiment::classes>("Outputs of the head.", positive)};
  }
};

int main() {
  const auto document =
      vit::config::Document::from_text("model: {name: vit_s32, depth: 2}\nclasses: 7\n", "inline");
  const auto experiment = vit::config::read<Experiment>(document);
  const vit::ModelArgs args{.classes = experiment.classes};
  const std::unique_ptr<vit::Model> model = experiment.model.build(args);
  const vit::Extent size = model->input_size();
  const at::Tensor logits =
      model->forward(at::zeros({1, 3, size.height, size.width}), vit::Mode::kEval);
  std::cout << "vit " << vit::build_info().version << ": " << vit::parameter_count(*model)
            << " parameters, logits " << logits.sizes() << "\n";
  return logits.size(1) == 7 && logits.isfinite().all().item<bool>() ? 0 : 1;
}
