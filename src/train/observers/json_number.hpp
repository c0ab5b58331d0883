// Reports as JSON: numbers that are not finite become null and are named in "nonfinite", since JSON
// has no NaN.
#pragma once

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

namespace vit {

inline void put_number(nlohmann::ordered_json& object, const char* key, double value) {
  if (std::isfinite(value)) {
    object[key] = value;
    return;
  }
  object[key] = nullptr;
  object["nonfinite"].push_back(key);
}

// A whole number as an integer; null for none.
inline nlohmann::ordered_json setting_number(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  const bool is_whole = *value == std::floor(*value) && std::abs(*value) < 1e15;
  return is_whole ? nlohmann::ordered_json(static_cast<int64_t>(*value))
                  : nlohmann::ordered_json(*value);
}

// Text of users may hold bytes that are no UTF-8; they become U+FFFD.
inline std::string one_line(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace vit
