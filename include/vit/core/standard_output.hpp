// The standard output: what a program was asked for, and nothing else.
#pragma once

#include <string_view>

namespace vit {

// Writes it out at once. A reader that has gone away (head) is no error. Throws DataError when it
// cannot be written, as on a full disk.
void write_out(std::string_view text);

}  // namespace vit
