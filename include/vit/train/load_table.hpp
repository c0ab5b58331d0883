// What became of every tensor of a weight file, for people.
#pragma once

#include "vit/models/weights.hpp"

#include <string>

namespace vit {

// One row for each fate that occurred (matched, resized, adapted, new, dropped, unused, ignored),
// with its count and the first names, and a line a note. Ends without a line break.
std::string load_table(const LoadReport& report);

}  // namespace vit
