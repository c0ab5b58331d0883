#include "vit/train/prediction_run.hpp"

#include "../options.hpp"
#include "../program.hpp"
#include "../subject_options.hpp"

namespace vit::cli {

int predict(const Arguments& arguments) {
  PredictionRequest request;
  std::vector<std::string> sets;
  std::string format = "table";
  CLI::App app{"Names the likeliest classes of images, and shows where the network looks.",
               "vit-predict"};
  add_subject_options(app, request, sets);
  app.add_option("images", request.images, "image files, and folders of them");
  app.add_option("--top", request.top, "classes an image (default: 5)");
  app.add_option("--format", format, "table, csv or jsonl (default: table)")
      ->check(CLI::IsMember({"table", "csv", "jsonl"}));
  app.add_option("--labels", request.labels,
                 "text with a class name a line, such as synset_words.txt (default: the names "
                 "stored with the weights, else numbers)");
  app.add_option("--logits", request.logits, "write all logits as safetensors");
  app.add_option("--attention", request.attention,
                 "folder for a picture an image: what the network looks at (attention rollout)");
  if (const auto code = parse(app, arguments)) return *code;

  complete(request, app, sets);
  request.format = format == "csv"     ? PredictionFormat::kCsv
                   : format == "jsonl" ? PredictionFormat::kJsonLines
                                       : PredictionFormat::kTable;
  run_prediction(request);
  return 0;
}

}  // namespace vit::cli
