#include "subject_options.hpp"

#include "vit/core/error.hpp"

namespace vit::cli {

void add_subject_options(CLI::App& app, SubjectRequest& request, std::vector<std::string>& sets) {
  add_common_options(app);
  app.add_option("--run", request.run, "run folder");
  app.add_option("--checkpoint", request.checkpoint, "best, last or step-N (default: best)");
  app.add_option("--weights", request.weights,
                 "weight file (safetensors, .npz, .pth), checkpoint or transformers folder");
  app.add_option("--model", request.model, "model of weights that do not say which they are");
  add_set_option(app, sets);
}

void complete(SubjectRequest& request, const CLI::App& app, const std::vector<std::string>& sets) {
  if (request.run.empty() == request.weights.empty())
    throw ConfigError(app.get_name() + " needs either --run DIR or --weights FILE");
  request.overrides = load_document({}, sets);
}

}  // namespace vit::cli
