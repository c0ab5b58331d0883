// The options of the programs that look at a trained network: which weights, and --set.
#pragma once

#include "vit/train/subject.hpp"

#include "options.hpp"

#include <string>
#include <vector>

namespace vit::cli {

// --run, --checkpoint, --weights, --model, --set and the common ones.
void add_subject_options(CLI::App& app, SubjectRequest& request, std::vector<std::string>& sets);

// After parsing. Throws ConfigError unless one of --run and --weights was given.
void complete(SubjectRequest& request, const CLI::App& app, const std::vector<std::string>& sets);

}  // namespace vit::cli
