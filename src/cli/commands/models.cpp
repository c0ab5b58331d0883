#include "vit/core/error.hpp"
#include "vit/train/model_list.hpp"

#include "../options.hpp"
#include "../program.hpp"

#include <fmt/core.h>

namespace vit::cli {

int models(const Arguments& arguments) {
  ModelListRequest request;
  std::vector<std::string> sets;
  std::string json, image_size;
  CLI::App app{"Lists models with their parameters, cost, resolution and tokens.", "vit-models"};
  add_common_options(app);
  auto* pattern =
      app.add_option("pattern", request.pattern, "names to list, with * and ? (default: all)");
  app.add_option("--json", json, "one model as JSON, with the names and shapes of its tensors")
      ->excludes(pattern);
  app.add_option("--classes", request.classes, "outputs of the head (default: 1000)")
      ->check(CLI::Range(0, 100'000'000));
  app.add_option("--image-size", image_size, "input size in pixels: 384 or 224x160");
  add_set_option(app, sets);
  if (const auto code = parse(app, arguments)) return *code;

  request.overrides = load_document({}, sets);
  if (!image_size.empty())
    request.overrides.set("model.image", image_size, "--image-size " + image_size);
  if (json.empty()) {
    fmt::print("{}", model_table(request));
  } else {
    request.pattern = json;
    fmt::print("{}", model_json(request));
  }
  return 0;
}

}  // namespace vit::cli
