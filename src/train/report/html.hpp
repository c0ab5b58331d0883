// Text from run folders, which may be anything, made fit for HTML and SVG.
#pragma once

#include <cstddef>
#include <string>

namespace vit {

// `text` with the characters that mean something in HTML written out, and U+FFFD for every byte
// that is no UTF-8 and every character that XML does not allow.
std::string html_text(const std::string& text);

// The beginning of `text` with an ellipsis in place of what is beyond `most` (at least 1)
// characters.
std::string shortened(const std::string& text, size_t most);

// Characters of UTF-8 `text`; a byte that is no UTF-8 counts as one.
size_t characters_in(const std::string& text);

}  // namespace vit
