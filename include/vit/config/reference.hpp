// Help text, the Markdown reference and the JSON Schema, from the same description as reading and
// writing. Deterministic.
#pragma once

#include "vit/config/component.hpp"
#include "vit/config/schema.hpp"

#include <string>
#include <string_view>

namespace vit::config {

namespace detail {
std::string help_text(const TypeInfo& type, const void* defaults, std::string_view section);
std::string reference(const TypeInfo& type, const void* defaults);
std::string json_schema(const TypeInfo& type, std::string_view title);
}  // namespace detail

// The keys of one section ("optimizer", "eval"), or all of them for "". Throws ConfigError with a
// suggestion for an unknown one.
template <Described T>
std::string help_text(std::string_view section = "") {
  return detail::help_text(type_of<T>(), type_of<T>().make().get(), section);
}

// Tables of every key in Markdown, each catalogue with all entries and presets; headings start at
// level 2.
template <Described T>
std::string reference() {
  return detail::reference(type_of<T>(), type_of<T>().make().get());
}

// JSON Schema (draft 2020-12) for editors: put `# yaml-language-server: $schema=vit.schema.json` on
// top of a configuration.
template <Described T>
std::string json_schema(std::string_view title) {
  return detail::json_schema(type_of<T>(), title);
}

}  // namespace vit::config
