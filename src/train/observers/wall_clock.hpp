// The time of day for records of a run.
#pragma once

#include <fmt/chrono.h>

#include <chrono>
#include <ctime>
#include <string>

namespace vit {

// Seconds since 1970, to the millisecond.
inline double unix_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) /
         1e3;
}

// ISO 8601, UTC: "2026-08-30T14:12:03Z".
inline std::string utc_time() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace vit
