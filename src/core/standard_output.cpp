#include "vit/core/standard_output.hpp"

#include "vit/core/error.hpp"

#include <cerrno>
#include <cstdio>

namespace vit {

void write_out(std::string_view text) {
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!is_written && errno != EPIPE) {
    throw DataError("cannot write the result to the standard output");
  }
}

}  // namespace vit
