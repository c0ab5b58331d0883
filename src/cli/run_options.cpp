#include "run_options.hpp"

#include "vit/core/error.hpp"

#include <fmt/core.h>

namespace vit::cli {

void add_run_options(CLI::App& app, RunOptions& options) {
  add_common_options(app);
  app.add_option("--config", options.configs,
                 "configuration file, or the name of a shipped one (repeatable, later wins)")
      ->allow_extra_args(false)
      ->take_all();
  add_set_option(app, options.sets);
  app.add_option("--run-dir", options.run_dir,
                 "folder of this run (default: runs/<time>_<model>_<data>)");
  app.add_option("--resume", options.resume,
                 "go on with the run in --run-dir; auto: if there is one; PATH: from that run or "
                 "checkpoint, in a new folder")
      ->expected(0, 1)
      ->default_str("yes");
  app.add_option("--allow-change", options.allow_change,
                 "a key that may differ from the run resumed (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  app.add_flag("--overwrite", options.overwrite, "remove what an earlier run left in --run-dir");
  app.add_flag("--check", options.check, "only check the configuration");
  app.add_flag("--dry-run", options.dry_run,
               "one real step, one checkpoint round trip, and an estimate");
  app.add_option("--print-config", options.print,
                 "print the resolved configuration; minimal: only what differs from the defaults")
      ->expected(0, 1)
      ->default_str("full");
}

RunRequest make_request(const RunOptions& options, config::Document document,
                        const std::string& program, const Arguments& arguments) {
  RunRequest request;
  request.document = std::move(document);
  request.has_files = !options.configs.empty();
  request.run_dir = options.run_dir;
  if (!request.run_dir.empty() && !request.run_dir.has_filename())
    request.run_dir = request.run_dir.parent_path();  // "runs/a/"
  request.overwrite = options.overwrite;
  request.allow_change = options.allow_change;
  request.argv = arguments;
  request.argv.insert(request.argv.begin(), program);
  using Resume = RunRequest::Resume;
  if (options.resume == "yes") {
    request.resume = Resume::kMust;
  } else if (options.resume == "auto") {
    request.resume = Resume::kAuto;
  } else if (!options.resume.empty()) {
    request.resume = Resume::kFrom;
    request.from = options.resume;
  }
  if (request.overwrite && request.resume != Resume::kNo) {
    throw ConfigError("--overwrite starts over and --resume goes on: give one of them");
  }
  return request;
}

int carry_out(const RunOptions& options, const RunRequest& request) {
  if (!options.print.empty()) {
    if (options.print != "full" && options.print != "minimal") {
      throw ConfigError("--print-config takes `full` or `minimal`, not '" + options.print + "'");
    }
    fmt::print("{}", resolved_config(request, options.print == "full" ? ConfigText::kFull
                                                                      : ConfigText::kMinimal));
    return 0;
  }
  if (options.check) {
    resolved_config(request, ConfigText::kMinimal);
    fmt::print("configuration ok\n");
    return 0;
  }
  if (options.dry_run) {
    dry_run(request);
    return 0;
  }
  return run_training(request).exit_code;
}

}  // namespace vit::cli
