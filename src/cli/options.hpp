// Options that several programs share, and how CLI11's complaints become ours.
#pragma once

#include "vit/config/document.hpp"

#include "program.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace vit::cli {

// -v, -q, --version; sets up logging.
void add_common_options(CLI::App& app);

// --set KEY=VALUE, repeatable.
void add_set_option(CLI::App& app, std::vector<std::string>& sets);

// Parses; returns an exit code when the program is to end here (--help, --version). Throws
// ConfigError for bad usage, with the closest option for an unknown one.
std::optional<int> parse(CLI::App& app, const Arguments& arguments);

// Where bare names of configurations are looked up: the shipped ones.
config::SearchPath config_folders();

// The configuration files in order, then the assignments.
config::Document load_document(const std::vector<std::string>& files,
                               const std::vector<std::string>& sets);

// The assignments, and a section `data` for what lies at `path` and `test` for what lies at `test`,
// unless these are empty.
config::Document load_data_document(const std::string& path, const std::vector<std::string>& sets,
                                    const std::string& test = "");

}  // namespace vit::cli
