#include "vit/core/error.hpp"
#include "vit/train/evaluation_run.hpp"

#include "../options.hpp"
#include "../program.hpp"

namespace vit::cli {

int eval(const Arguments& arguments) {
  EvaluationRequest request;
  std::vector<std::string> sets;
  CLI::App app{"Evaluates a run or a weight file: top-1, top-5, loss.", "vit-eval"};
  add_common_options(app);
  app.add_option("--run", request.run, "run folder");
  app.add_option("--checkpoint", request.checkpoint, "best, last or step-N (default: best)");
  app.add_option("--weights", request.weights,
                 "weight file (safetensors, .npz, .pth), checkpoint or transformers folder");
  app.add_option("--model", request.model, "model of weights that do not say which they are");
  app.add_option("--data", request.data, "data to evaluate on (default: that of the run)");
  app.add_option("--split", request.split,
                 "split, with slices: test, train[:800] (default: the run's validation split)");
  app.add_option("--labels", request.labels,
                 "CSV with columns file,label: labels of loose images below --data");
  app.add_option("--real", request.real, "ReaL labels of ImageNet (real.json)");
  app.add_option("--json", request.json, "write the result as JSON (`-`: to stdout)");
  app.add_option("--predictions", request.predictions, "write a CSV with a line per image");
  app.add_option("--logits", request.logits, "write all logits as safetensors");
  app.add_flag("--per-class", request.per_class, "print precision, recall and F1 of every class");
  add_set_option(app, sets);
  if (const auto code = parse(app, arguments)) return *code;

  if (request.run.empty() == request.weights.empty()) {
    throw ConfigError("vit-eval needs either --run DIR or --weights FILE");
  }
  request.overrides = load_document({}, sets);
  run_evaluation(request);
  return 0;
}

}  // namespace vit::cli
