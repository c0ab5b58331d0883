// Exceptions of LibTorch and the standard library in our words, so that programs need no torch
// header to report them.
#pragma once

namespace vit {

// Call inside a catch block: throws OutOfMemory for a failed allocation on any device,
// Error(kInternal) with the first line of the message for any other LibTorch error (the full text
// goes to the log at debug level), DataError for a path the file system refuses, and the current
// exception unchanged otherwise.
[[noreturn]] void rethrow_in_plain_words();

}  // namespace vit
