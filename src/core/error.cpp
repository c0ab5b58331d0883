#include "vit/core/error.hpp"

namespace vit::detail {

void check_failed(const char* condition, const char* file, int line, const std::string& text) {
  throw Error(ExitCode::kInternal, "internal error: " + text + "\n" + file + ":" +
                                       std::to_string(line) + ": '" + condition +
                                       "' does not hold; please report this");
}

}  // namespace vit::detail
