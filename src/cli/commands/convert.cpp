#include "vit/core/error.hpp"
#include "vit/train/conversion.hpp"

#include "../options.hpp"
#include "../program.hpp"

namespace vit::cli {

int convert(const Arguments& arguments) {
  ConversionRequest request;
  std::vector<std::string> sets;
  std::string layout, inspected;
  bool json = false;
  CLI::App app{
      "Converts weights between safetensors, .npz, PyTorch's .pth (read only) and folders of "
      "transformers.",
      "vit-convert"};
  add_common_options(app);
  auto* in =
      app.add_option("in", request.in, "weight file, checkpoint, run or transformers folder");
  auto* out =
      app.add_option("out", request.out, "FILE.safetensors, FILE.npz or a folder for transformers");
  auto* model =
      app.add_option("--model", request.model, "model of weights that do not say which they are");
  auto* side = app.add_option(
      "--layout", layout,
      "timm, jax, huggingface, torchvision or big_transfer: the side that is not under "
      "timm's names; that of IN is recognised when left out");
  app.add_option("--inspect", inspected, "list the tensors of a file instead")
      ->excludes(in, out, model, side);
  app.add_flag("--json", json, "with --inspect: as JSON")->needs("--inspect");
  add_set_option(app, sets);
  if (const auto code = parse(app, arguments)) return *code;

  if (!inspected.empty()) {
    inspect_weights(inspected, json ? InspectionForm::kJson : InspectionForm::kTable);
    return 0;
  }
  if (request.in.empty() || request.out.empty()) {
    throw ConfigError(
        "vit-convert needs two files\ngive IN and OUT, or --inspect FILE to look into one");
  }
  if (!layout.empty()) request.layout = layout_named(layout);
  request.overrides = load_document({}, sets);
  convert_weights(request);
  return 0;
}

}  // namespace vit::cli
