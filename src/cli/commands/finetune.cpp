#include "vit/core/error.hpp"
#include "vit/train/finetune_layer.hpp"

#include "../program.hpp"
#include "../run_options.hpp"

namespace vit::cli {
namespace {

struct Source {
  std::string weights, data, model;
};

config::Document document_of(const Source& source, const RunOptions& options) {
  const config::Document own = load_document(options.configs, options.sets);
  return source.weights.empty()
             ? own
             : finetune_document(finetune_layer(source.weights, source.model, source.data, own),
                                 own, config_folders());
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
      make_request(options, document_of(source, options), "vit-finetune", arguments);
  if (!source.weights.empty()) request.has_files = true;
  return carry_out(options, request);
}

}  // namespace vit::cli
