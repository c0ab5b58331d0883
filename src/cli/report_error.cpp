#include "report_error.hpp"

#include "vit/config/problems.hpp"
#include "vit/core/error.hpp"
#include "vit/core/log.hpp"
#include "vit/runtime/errors.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <string>

namespace vit::cli {
namespace {

// Later lines are indented under the first.
std::string indented(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == '\n') result += "  ";
  }
  return result;
}

int report(const std::string& text, ExitCode code) {
  set_status_line("");
  if (spdlog::default_logger()->name() != "vit")
    start_logging(Verbosity::kNormal);  // an error before logging was set up
  spdlog::error("{}", indented(text));
  return static_cast<int>(code);
}

}  // namespace

int report_current_error() {
  try {
    rethrow_in_plain_words();
  } catch (const config::InvalidConfig& error) {
    const bool people = stderr_is_terminal();
    std::string text = people ? error.problems().detailed_text() : error.problems().text();
    set_status_line("");
    if (spdlog::default_logger()->name() != "vit") start_logging(Verbosity::kNormal);
    spdlog::error("{}", text);
    return static_cast<int>(error.code());
  } catch (const Error& error) {
    return report(error.what(), error.code());
  } catch (const std::exception& error) {
    // fmt::print says so with an exception of the standard library's.
    if (std::ferror(stdout) != 0)
      return report("cannot write the result to the standard output", ExitCode::kData);
    const std::string text = error.what();
    return report("internal error: " + text.substr(0, text.find('\n')) + "\nplease report this",
                  ExitCode::kInternal);
  } catch (...) {
    return report("internal error of unknown kind\nplease report this", ExitCode::kInternal);
  }
}

}  // namespace vit::cli
