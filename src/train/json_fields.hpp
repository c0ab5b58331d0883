// Reading JSON of which nothing can be taken for granted: a field that is absent, null or of
// another type counts as not there. Of nlohmann's two kinds of JSON, sorted and ordered.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vit {

// Text that is no JSON becomes a value that is_discarded(), and so no object.
inline nlohmann::json parse_json(std::string_view text) {
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

template <class Json>
std::optional<double> number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->template get<double>();
}

template <class Json>
double number_at(const Json& object, const char* key, double otherwise) {
  return number_at(object, key).value_or(otherwise);
}

// A number that is not whole is cut off.
template <class Json>
int64_t integer_at(const Json& object, const char* key, int64_t otherwise = 0) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->template get<int64_t>() : otherwise;
}

// "" when there is none.
template <class Json>
std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->template get<std::string>() : "";
}

}  // namespace vit
