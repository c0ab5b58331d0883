// Class names that do not come with the weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vit {

// A text with one name a line, in label order. A WordNet number before the name, as in ImageNet's
// synset_words.txt ("n01440764 tench, Tinca tinca"), is left out. Throws DataError when there are
// not `classes` of them.
std::vector<std::string> read_class_names(const std::filesystem::path& file, int64_t classes);

}  // namespace vit
