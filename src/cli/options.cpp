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

// What CLI11 could not place: an option before a word, as that explains the words after it.
std::string first_unknown(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining(/*recurse=*/true);
  const auto option =
      std::ranges::find_if(extras, [](const std::string& extra) { return extra.starts_with('-'); });
  if (option != extras.end()) return *option;
  return extras.empty() ? "" : extras.front();
}

std::string unknown_word(const CLI::App& app, const CLI::App* subcommand, const std::string& word) {
  std::vector<std::string> known = option_names(app);
  if (subcommand != nullptr) {
    for (std::string& name : option_names(*subcommand)) known.push_back(std::move(name));
  }
  for (const CLI::App* sub : app.get_subcommands({})) known.push_back(sub->get_name());
  const std::string bare = word.substr(0, word.find('=')), near = closest(bare, known);
  if (near == bare && subcommand != nullptr)
    return "option '" + bare + "' stands after the word '" + subcommand->get_name() + "'";
  return (word.starts_with('-') ? "unknown option '" : "unexpected argument '") + word + "'" +
         (near.empty() ? "" : "; did you mean '" + near + "'?");
}

// An unknown word comes before what is missing: it is often the reason.
[[noreturn]] void refuse(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> called = app.get_subcommands();
  const CLI::App* subcommand = called.empty() ? nullptr : called.front();
  const std::string word = first_unknown(app);
  throw ConfigError((word.empty() ? error.what() : unknown_word(app, subcommand, word)) + "\n" +
                    app.get_name() + (subcommand != nullptr ? " " + subcommand->get_name() : "") +
                    " --help lists the options");
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

config::Document load_data_document(const std::string& path, const std::vector<std::string>& sets,
                                    const std::string& test) {
  config::Document document = load_document({}, sets);
  const auto add = [&document](const std::string& section, const std::string& where) {
    if (where.empty()) return;
    document.set(section + ".name", recognise_data(where), where);
    document.set(section + ".root", where, where);
  };
  add("data", path);
  add("test", test);
  return document;
}

}  // namespace vit::cli
