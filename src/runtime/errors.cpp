#include "vit/runtime/errors.hpp"

#include "vit/core/error.hpp"

#include <c10/util/Exception.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <new>
#include <string>

namespace vit {
namespace {

// Without "[enforce fail at FILE:LINE] condition. " in front.
std::string first_line(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  const size_t end = line.starts_with("[enforce fail at ") ? line.find(". ") : std::string::npos;
  return end == std::string::npos ? line : line.substr(end + 2);
}

[[noreturn]] void out_of_memory(const std::string& text) {
  throw OutOfMemory("out of memory: " + text +
                    "\nless memory is needed with a larger batch.accumulate, a smaller eval.batch, "
                    "or precision=bf16");
}

}  // namespace

void rethrow_in_plain_words() {
  try {
    throw;
  } catch (const c10::OutOfMemoryError& error) {
    spdlog::debug("{}", error.what());
    out_of_memory(first_line(error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    spdlog::debug("{}", error.what());
    const std::string text = first_line(error.what_without_backtrace());
    if (text.find("can't allocate memory") != std::string::npos ||
        text.find("out of memory") != std::string::npos) {
      out_of_memory(text);
    }
    throw Error(ExitCode::kInternal,
                "internal error in LibTorch: " + text + "\n-v shows more; please report this");
  } catch (const std::bad_alloc&) {
    out_of_memory("the system refused to give more");
  } catch (const std::filesystem::filesystem_error& error) {
    throw DataError("cannot use '" + error.path1().string() + "': " + error.code().message());
  }
}

}  // namespace vit
