#include "vit/train/vtab.hpp"

#include "vit/core/version.hpp"

#include "../options.hpp"
#include "../program.hpp"

namespace vit::cli {

int vtab(const Arguments& arguments) {
  VtabRequest request;
  std::vector<std::string> configs, sets;
  std::string select;
  CLI::App app{"Fine-tunes the 19 tasks of VTAB-1k and reports their means.", "vit-vtab"};
  add_common_options(app);
  app.add_option("--weights", request.weights,
                 "weight file (safetensors, .npz, .pth), checkpoint, run or transformers folder");
  app.add_option("--data", request.data, "folder that holds the folders of the tasks");
  app.add_option("--model", request.model,
                 "architecture of weights that do not say which they are");
  app.add_option("--tasks", request.tasks, "only these: dtd,kitti_distance")->delimiter(',');
  app.add_option("--select", select,
                 "choose learning rate and length by 200 validation examples: suite (one setting "
                 "for all tasks; the default) or task")
      ->expected(0, 1)
      ->default_str("suite");
  app.add_option("--seeds", request.seeds,
                 "a final run of each task with each of these seeds, means and deviations: 0,1,2")
      ->delimiter(',');
  app.add_option("--suite", request.suite, "another list of tasks, as configs/suites/vtab-1k.yaml");
  app.add_option("--out", request.out, "folder of the runs (default: runs/<suite>_<weights>)");
  app.add_flag("--check", request.check, "only look at the data and the configurations");
  app.add_option("--config", configs, "configuration above the suite's recipe (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  add_set_option(app, sets);
  if (const auto code = parse(app, arguments)) return *code;

  if (request.weights.empty() || request.data.empty()) {
    throw ConfigError("vit-vtab needs weights and data\ngive --weights FILE_OR_RUN --data FOLDER");
  }
  using Select = VtabRequest::Select;
  if (!select.empty() && select != "suite" && select != "task") {
    throw ConfigError("--select takes `suite` or `task`, not '" + select + "'");
  }
  request.select = select.empty()      ? Select::kNone
                   : select == "suite" ? Select::kSuite
                                       : Select::kTask;
  request.own = load_document(configs, sets);
  request.configs = config_folders();
  request.suites = {share_dir() / "configs" / "suites"};
  request.argv = arguments;
  request.argv.insert(request.argv.begin(), "vit-vtab");
  return static_cast<int>(run_vtab(request));
}

}  // namespace vit::cli
