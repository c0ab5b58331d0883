#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/train/catalogues.hpp"

#include "../program.hpp"
#include "../run_options.hpp"

#include <fmt/core.h>

namespace vit::cli {
namespace {

struct Questions {
  std::string list, section;
  bool reference = false, schema = false;
};

void add_questions(CLI::App& app, Questions& questions) {
  app.add_option("--list", questions.list, join(catalogue_names(), ", "));
  app.add_option("--help-config", questions.section,
                 "explain the keys of a configuration section, or of all")
      ->expected(0, 1)
      ->default_str("all");
  app.add_flag("--reference", questions.reference,
               "print the reference of all configuration keys (Markdown)");
  app.add_flag("--schema", questions.schema,
               "print the JSON Schema of configuration files, for editors");
}

// The text that answers them, "" when nothing was asked.
std::string answer(const Questions& questions) {
  if (questions.reference) return configuration_reference();
  if (questions.schema) return configuration_schema();
  if (!questions.list.empty()) return list_catalogue(questions.list);
  if (!questions.section.empty())
    return configuration_help(questions.section == "all" ? "" : questions.section);
  return "";
}

}  // namespace

int train(const Arguments& arguments) {
  RunOptions options;
  Questions questions;
  CLI::App app{"Trains a model from a configuration, or resumes a run.", "vit-train"};
  add_run_options(app, options);
  add_questions(app, questions);
  if (const auto code = parse(app, arguments)) return *code;
  if (const std::string text = answer(questions); !text.empty()) {
    fmt::print("{}", text);
    return 0;
  }
  const RunRequest request =
      make_request(options, load_document(options.configs, options.sets), "vit-train", arguments);
  if (!request.has_files && options.sets.empty() && request.resume == RunRequest::Resume::kNo) {
    throw ConfigError(
        "nothing to train: no configuration\n"
        "give --config NAME_OR_FILE (vit-train --config quickstart), or --run-dir DIR --resume");
  }
  return carry_out(options, request);
}

}  // namespace vit::cli
