// The one place where errors become text and exit codes.
#pragma once

namespace vit::cli {

// Call inside a catch block: prints "error: ..." to stderr (and to the run's log) and returns the
// exit code.
int report_current_error();

}  // namespace vit::cli
