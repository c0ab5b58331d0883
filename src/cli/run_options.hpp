// The options of the programs that train, and what they do with them.
#pragma once

#include "vit/train/run.hpp"

#include "options.hpp"

#include <string>
#include <vector>

namespace vit::cli {

struct RunOptions {
  std::vector<std::string> configs, sets, allow_change;
  std::string run_dir, resume, print;
  bool overwrite = false, check = false, dry_run = false;
};

void add_run_options(CLI::App& app, RunOptions& options);

// `document` is the configuration the options stand for.
RunRequest make_request(const RunOptions& options, config::Document document,
                        const std::string& program, const Arguments& arguments);

// Checks, prints, tries out or trains, as the options say; returns the exit code.
int carry_out(const RunOptions& options, const RunRequest& request);

}  // namespace vit::cli
