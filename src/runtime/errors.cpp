#include "vit/runtime/errors.hpp"

#include "vit/core/error.hpp"

#include <c10/util/Exception.h>
#include <spdlog/spdlog.h>

#include <new>
#include <string>

namespace vit {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

[[noreturn]] void out_of_memory(const std::string& text) {
  throw OutOfMemory("out of memory: " + text +
                    "\nless memory is needed with a larger batch.accumulate, a smaller eval.batch, or precision=bf16");
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
    if (text.find("can't allocate memory") != std::string::npos) out_of_memory(text);
    throw Error(ExitCode::kInternal, "internal error in LibTorch: " + text + "\n-v shows more; please report this");
  } catch (const std::bad_alloc&) {
    out_of_memory("the system refused to give more");
  }
}

}  // namespace vit
