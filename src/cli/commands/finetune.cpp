#include "vit/core/error.hpp"
#include "vit/train/finetune_layer.hpp"
#include "vit/train/hyperrule_layer.hpp"

#include "../program.hpp"
#include "../run_options.hpp"

namespace vit::cli {
namespace {

struct Source {
  std::string weights, data, model;
};

// The shipped recipe, below what the weights and the data say, below the user's own configuration.
config::Document finetune_document(const Source& source, const RunOptions& options) {
  config::Document document = config::Document::from_file("finetune", config_folders());
  const config::Document own = load_document(options.configs, options.sets);
  const auto add = [&](const std::string& layer, const char* name) {
    document.overlay(config::Document::from_text(layer, name));
  };
  add(finetune_layer(source.weights, source.model, source.data, own), "--weights, --data");
  add(hyperrule_layer(config::Document(document).overlay(own)), "the BiT-HyperRule");
  return document.overlay(own);
}

}  // namespace

int finetune(const Arguments& arguments) {
  RunOptions options;
  Source source;
  CLI::App app{"Adapts pretrained weights to your own images.", "vit-finetune"};
  app.add_option("--weights", source.weights,
                 "weight file (safetensors, .npz, .pth), checkpoint, run or transformers folder");
  app.add_option(
      "--data", source.data,
      "images: a folder of class folders, of splits with class folders, or IDX or CIFAR files");
  app.add_option("--model", source.model, "architecture of weights that do not say which they are");
  add_run_options(app, options);
  if (const auto code = parse(app, arguments)) return *code;

  const bool resuming = options.resume == "yes";
  if (source.weights.empty() && !resuming) {
    throw ConfigError(
        "vit-finetune needs the weights to start from\ngive --weights FILE_OR_RUN --data PATH");
  }
  RunRequest request =
      make_request(options,
                   source.weights.empty() ? load_document(options.configs, options.sets)
                                          : finetune_document(source, options),
                   "vit-finetune", arguments);
  if (!source.weights.empty()) request.has_files = true;
  return carry_out(options, request);
}

}  // namespace vit::cli
