#include "vit/train/evaluation_run.hpp"

#include "../options.hpp"
#include "../program.hpp"
#include "../subject_options.hpp"

namespace vit::cli {

int eval(const Arguments& arguments) {
  EvaluationRequest request;
  std::vector<std::string> sets;
  CLI::App app{"Evaluates a run or a weight file: top-1, top-5, loss.", "vit-eval"};
  add_subject_options(app, request, sets);
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
  if (const auto code = parse(app, arguments)) return *code;

  complete(request, app, sets);
  run_evaluation(request);
  return 0;
}

}  // namespace vit::cli
