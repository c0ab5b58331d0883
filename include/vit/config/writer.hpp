// Struct -> YAML that reads back to the same value, for people (--print-config), for checkpoints,
// and for comparison.
//
// Floats have the fewest digits that read back exactly, in a form YAML 1.1 readers such as PyYAML
// take for a float (1.0e-5).
#pragma once

#include "vit/config/component.hpp"
#include "vit/config/document.hpp"
#include "vit/config/schema.hpp"

#include <string>
#include <vector>

namespace vit::config {

// One key of which two configurations differ.
struct Difference {
  std::string key;
  std::string old_text, new_text;  // as YAML; "" where the key does not exist
  bool resumable = false;          // the key may change when a run goes on
};
// "seed: 0 -> 1"; "(none)" on the side where the key does not exist.
std::string text_of(const Difference& change);

struct Leaf {
  std::string key;
  std::string text;
  bool resumable = false;
};

namespace detail {
std::string write(const TypeInfo& type, const void* value, const void* defaults,
                  const Document* origins);
std::vector<Leaf> leaves(const TypeInfo& type, const void* value);
std::vector<Difference> diff(const TypeInfo& type, const void* before, const void* after);
}  // namespace detail

// Every key.
template <class T>
std::string write(const T& value) {
  return detail::write(type_of<T>(), &value, nullptr, nullptr);
}
// Every key, each with a comment where it comes from: "# my.yaml:3", "# --set lr=1", "# default".
template <class T>
std::string write_with_origins(const T& value, const Document& document) {
  return detail::write(type_of<T>(), &value, nullptr, &document);
}
// Only what differs from `defaults`; reads back to `value` when read() starts from `defaults`.
template <class T>
std::string write_minimal(const T& value, const T& defaults) {
  return detail::write(type_of<T>(), &value, &defaults, nullptr);
}
template <class T>
std::string write_minimal(const T& value) {
  return detail::write(type_of<T>(), &value, type_of<T>().make().get(), nullptr);
}

// All keys with their values, flattened: "optimizer.beta1", "augment.0.size".
template <class T>
std::vector<Leaf> leaves(const T& value) {
  return detail::leaves(type_of<T>(), &value);
}

// The keys whose values differ, in the order of the description.
template <class T>
std::vector<Difference> diff(const T& before, const T& after) {
  return detail::diff(type_of<T>(), &before, &after);
}

}  // namespace vit::config
