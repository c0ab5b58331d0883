// Where log lines go: the console (stderr) and, once a run has a folder, its train.log. spdlog is
// used directly everywhere else; this file only sets it up.
#pragma once

#include <filesystem>
#include <string>

namespace vit {

enum class Verbosity { kQuiet, kNormal, kVerbose };

// Routes spdlog's default logger to stderr: plain text, warnings and errors marked, no time stamps
// on a terminal.
void start_logging(Verbosity verbosity);

// Adds `path` (append) as a second sink: every line at debug level or above, with time stamps and
// without colour.
void log_to_file(const std::filesystem::path& path);

// A line that is redrawn in place at the bottom of a terminal (a progress bar). Log lines erase it
// first and it is drawn again below them. Does nothing when stderr is no terminal. An empty text
// removes it.
void set_status_line(const std::string& text);

bool stderr_is_terminal();
bool stdout_is_terminal();
// True when colour may be used on stderr: a terminal, NO_COLOR unset, TERM not dumb; CLICOLOR_FORCE
// overrides.
bool stderr_has_colour();
int terminal_columns();  // of stderr; 80 when unknown

}  // namespace vit
