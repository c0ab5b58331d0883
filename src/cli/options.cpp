#include "options.hpp"

#include "vit/core/error.hpp"
#include "vit/core/log.hpp"
#include "vit/core/text.hpp"
#include "vit/core/version.hpp"
#include "vit/data/dataset.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace vit::cli {
namespace {

std::string version_text() {
  const BuildInfo& build = build_info();
  return fmt::format("vit {} ({}, {}{})", build.version, build.git_revision, build.build_type,
                     build.cuda_kernels ? ", CUDA kernels" : "");
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

[[noreturn]] void refuse(const CLI::App& app, const CLI::ParseError& error) {
  std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = app.remaining();
    const std::string first = extras.empty() ? "" : extras.front();
    const std::string near = closest(first.substr(0, first.find('=')), option_names(app));
    text = (first.starts_with("-") ? "unknown option '" : "unexpected argument '") + first + "'" +
           (near.empty() ? "" : "; did you mean '" + near + "'?");
  }
  throw ConfigError(text + "\n" + app.get_name() + " --help lists the options");
}

}  // namespace

void add_common_options(CLI::App& app) {
  app.set_version_flag("--version", version_text);
  app.add_flag("-v,--verbose")->description("say more");
  app.add_flag("-q,--quiet")->description("only warnings and errors");
}

void add_set_option(CLI::App& app, std::vector<std::string>& sets) {
  app.add_option("--set", sets, "KEY=VALUE: set one configuration key, VALUE as YAML (repeatable)")
      ->take_all()
      ->allow_extra_args(false);
}

std::optional<int> parse(CLI::App& app, const Arguments& arguments) {
  try {
    Arguments reversed(arguments.rbegin(), arguments.rend());  // CLI11 takes them from the back
    app.parse(reversed);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    refuse(app, error);
  }
  const bool quiet = app.count("--quiet") > 0, verbose = app.count("--verbose") > 0;
  start_logging(quiet ? Verbosity::kQuiet : verbose ? Verbosity::kVerbose : Verbosity::kNormal);
  return std::nullopt;
}

config::SearchPath config_folders() { return {share_dir() / "configs"}; }

config::Document load_document(const std::vector<std::string>& files,
                               const std::vector<std::string>& sets) {
  config::Document document;
  for (const std::string& file : files)
    document.overlay(config::Document::from_file(file, config_folders()));
  for (const std::string& assignment : sets) document.set(assignment);
  return document;
}

config::Document load_data_document(const std::string& path, const std::vector<std::string>& sets) {
  config::Document document = load_document({}, sets);
  if (path.empty()) return document;
  document.set("data.name", recognise_data(path), "--data");
  document.set("data.root", path, "--data");
  return document;
}

}  // namespace vit::cli
