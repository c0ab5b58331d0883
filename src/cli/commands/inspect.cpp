#include "vit/train/look_inside.hpp"

#include "../options.hpp"
#include "../program.hpp"
#include "../subject_options.hpp"

namespace vit::cli {

int inspect(const Arguments& arguments) {
  InsideRequest request;
  std::vector<std::string> sets;
  CLI::App app{"Draws what a network has learnt: filters, positions, where its heads look.",
               "vit-inspect"};
  add_subject_options(app, request, sets);
  app.add_option("--images", request.images,
                 "files, folders or a data set to look at (default: the run's validation split)");
  app.add_option("--out", request.out, "folder for pictures, inspect.json and inspect.safetensors");
  app.add_option("--count", request.count,
                 "images that attention distances are averaged over (default: 128)");
  app.add_option("--pictures", request.pictures,
                 "images, of these, that attention is drawn for (default: 10)");
  if (const auto code = parse(app, arguments)) return *code;

  complete(request, app, sets);
  look_inside(request);
  return 0;
}

}  // namespace vit::cli
