// Document -> struct, with every problem found before the first is reported.
#pragma once

#include "vit/config/component.hpp"
#include "vit/config/document.hpp"
#include "vit/config/schema.hpp"

#include <memory>
#include <utility>

namespace vit::config {

namespace detail {
void read_into(const TypeInfo& type, void* value, const Document& document);
}

// The configuration the document describes; keys it does not give keep their value in `initial`.
// Throws InvalidConfig listing all problems: unknown keys (with a suggestion), wrong types, broken
// checks. Relative paths become absolute: those of a file start at its folder, those of --set and
// those that start with the value of a ${VAR} at the working directory.
template <Described T>
T read(const Document& document, T initial) {
  detail::read_into(type_of<T>(), &initial, document);
  return initial;
}

// The same from the defaults of T.
template <Described T>
T read(const Document& document) {
  const std::shared_ptr<void> value = type_of<T>().make();
  detail::read_into(type_of<T>(), value.get(), document);
  return std::move(*static_cast<T*>(value.get()));
}

}  // namespace vit::config
