#include "vit/core/byte_size.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>

namespace vit {
namespace {

// Bytes of "", "b", "k", "kb", "kib", ..; 0 for anything else.
double factor_of(const std::string& unit) {
  if (unit.empty() || unit == "b") return 1;
  const size_t power = std::string_view("kmgtp").find(unit[0]);
  if (power == std::string_view::npos) return 0;
  const std::string_view rest = std::string_view(unit).substr(1);
  const double base = rest == "b" ? 1000 : rest.empty() || rest == "ib" ? 1024 : 0;
  return std::pow(base, static_cast<double>(power + 1));
}

}  // namespace

int64_t parse_bytes(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' '; };
  std::string_view rest = text;
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && is_blank(rest.back())) rest.remove_suffix(1);
  double number = 0;
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
  std::string unit;
  for (const char c : rest.substr(static_cast<size_t>(end - rest.data()))) {
    if (!unit.empty() || !is_blank(c)) {
      unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  const double bytes = number * factor_of(unit);
  const bool is_size =
      error == std::errc() && factor_of(unit) > 0 && !std::signbit(number) && bytes < 0x1p63;
  if (!is_size) {
    throw std::invalid_argument(
        fmt::format("expected an amount of memory such as '8 GiB' or '500 MB', got '{}'", text));
  }
  return static_cast<int64_t>(bytes);
}

}  // namespace vit
