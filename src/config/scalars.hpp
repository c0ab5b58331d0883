// Values as text: what one line of YAML says for the simple kinds, and how checks are put into
// words.
#pragma once

#include "vit/config/schema.hpp"

#include "config/node.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vit::config {

template <class T>
T& as(void* value) {
  return *static_cast<T*>(value);
}
template <class T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

// True for kinds that are written in one word: all but lists, optionals, structs and components.
bool is_scalar(Kind kind);

// Reads `node` into `value`; returns what is wrong, or "". Not for compound kinds. `null` is the
// caller's business.
std::string parse_scalar(const TypeInfo& type, void* value, const Node& node);

// As YAML that parse_scalar reads back to the same value, safe within [..] and {..} too.
std::string format_scalar(const TypeInfo& type, const void* value);
// Text as YAML 1.1 and 1.2 readers alike take for the same text: plain where possible, else in
// double quotes.
std::string quoted_if_needed(std::string_view text);
std::string format_float(double value);

// What is wrong with `value` by this check, or "": "must be > 0, got -5".
std::string violation(const Check& check, const TypeInfo& type, const void* value);
// "> 0", "0 to 1", "a, b or c", "not empty"
std::string check_text(const Check& check);

// "int", "float, > 0", "list of float", "'token' or 'mean'", "a number of steps, ..."
std::string type_text(const TypeInfo& type);
std::string_view word_for(Kind kind);

// "'a', 'b' or 'c'"
std::string quoted_words(const std::vector<std::string>& words);
std::vector<std::string> enum_words(const TypeInfo& type);

}  // namespace vit::config
