#include "vit/train/sweep.hpp"

#include "../options.hpp"
#include "../program.hpp"

#include <fmt/core.h>

namespace vit::cli {

int sweep(const Arguments& arguments) {
  SweepRequest request;
  std::string file;
  std::vector<std::string> sets;
  bool list = false, print = false, help = false;
  CLI::App app{"Runs a grid of trainings from one file, and chooses without looking at the test.",
               "vit-sweep"};
  add_common_options(app);
  app.add_option("file", file, "sweep file, or the name of a shipped one (sweeps/mini_scaling)");
  app.add_option("--out", request.out, "folder of its runs (default: runs/<name of the file>)");
  app.add_option("--jobs", request.jobs, "runs at a time (default: 1)");
  app.add_flag("--rerun", request.rerun, "start points over whose configuration has changed");
  app.add_flag("--dry-run", list, "only list the points and how they stand");
  app.add_flag("--print-commands", print, "print a shell command for each run to do");
  app.add_flag("--help-config", help, "explain the keys of a sweep file");
  add_set_option(app, sets);
  if (const auto code = parse(app, arguments)) return *code;

  if (help) return fmt::print("{}", sweep_help()), 0;
  if (file.empty()) throw ConfigError("vit-sweep needs a sweep file\nvit-sweep --help-config");
  using Action = SweepRequest::Action;
  if (list) request.action = Action::kList;
  if (print) request.action = Action::kPrintCommands;
  request.shipped = config_folders();
  request.file = config::find_config(file, request.shipped, "sweeps/");
  request.document = load_document({request.file.string()}, sets);
  request.argv = arguments;
  return static_cast<int>(run_sweep(request));
}

}  // namespace vit::cli
