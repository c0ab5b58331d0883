// Reports as JSON: numbers that are not finite become null and are named in "nonfinite", since JSON
// has no NaN.
#pragma once

#include <nlohmann/json.hpp>

#include <cmath>
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

// Text of users may hold bytes that are no UTF-8; they become U+FFFD.
inline std::string one_line(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace vit
