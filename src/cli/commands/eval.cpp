#include "vit/train/evaluation_config.hpp"
#include "vit/train/evaluation_run.hpp"

#include "../options.hpp"
#include "../program.hpp"
#include "../subject_options.hpp"

#include <algorithm>

namespace vit::cli {

int eval(const Arguments& arguments) {
  EvaluationRequest request;
  std::string few_shot, knn, label_map;
  std::vector<std::string> sets;
  CLI::App app{"Evaluates a run or a weight file: top-1, top-5, loss.", "vit-eval"};
  add_subject_options(app, request, sets);
  app.add_option("--data", request.data, "data to evaluate on (default: that of the run)");
  app.add_option("--split", request.split,
                 "split, with slices: test, train[:800] (default: the run's validation split)");
  app.add_option("--labels", request.labels,
                 "CSV with columns file,label: labels of loose images below --data");
  app.add_option("--label-map", label_map,
                 "which class of the model a class of the data is: CSV class,index, or a list of "
                 "the model's classes");
  app.add_option("--few-shot", few_shot,
                 "also a linear classifier on so many examples a class: 1,5,10,25");
  app.add_option("--knn", knn, "also so many nearest neighbours: 20 (or a list)");
  app.add_option("--real", request.real, "ReaL labels of ImageNet (real.json)");
  app.add_option("--json", request.json, "write the result as JSON (`-`: to stdout)");
  app.add_option("--predictions", request.predictions, "write a CSV with a line per image");
  app.add_option("--logits", request.logits, "write all logits as safetensors");
  app.add_flag("--per-class", request.per_class, "print precision, recall and F1 of every class");
  if (const auto code = parse(app, arguments)) return *code;

  const auto others = std::ranges::stable_partition(sets, is_evaluation_key);
  complete(request, app, {others.begin(), others.end()});
  request.settings = load_document({}, {sets.begin(), others.begin()});
  const auto set_list = [&](const char* key, const std::string& list, const char* option) {
    if (app.count(option) > 0) request.settings.set(key, "[" + list + "]", option + (" " + list));
  };
  set_list("few_shot.shots", few_shot, "--few-shot");
  set_list("knn.k", knn, "--knn");
  if (!label_map.empty()) request.settings.set("classes.map", label_map, "--label-map");
  run_evaluation(request);
  return 0;
}

}  // namespace vit::cli
