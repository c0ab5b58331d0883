#include "train/screen_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace vit {
namespace {

using Spelling = std::pair<std::string_view, std::string_view>;
constexpr std::array kAsciiSpellings = {
    Spelling{"\u00d7", "x"},  Spelling{"\u2192", "->"},  Spelling{"\u00b7", "-"},
    Spelling{"\u00b1", "+-"}, Spelling{"\u2212", "-"},   Spelling{"\u2013", "-"},
    Spelling{"\u2014", "-"},  Spelling{"\u2026", "..."}, Spelling{"\u2009", " "},
    Spelling{"\u202f", " "},  Spelling{"\u00a0", " "},   Spelling{"\u2605", "*"},
    Spelling{"\u2264", "<="}, Spelling{"\u2265", ">="},  Spelling{"\u2248", "about"},
};

}  // namespace

bool screen_is_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    std::string locale(value);
    std::transform(locale.begin(), locale.end(), locale.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

std::string for_screen(std::string_view text) {
  if (screen_is_utf8()) return std::string(text);
  std::string ascii;
  while (!text.empty()) {
    const auto* spelling =
        std::find_if(kAsciiSpellings.begin(), kAsciiSpellings.end(),
                     [&](const Spelling& s) { return text.starts_with(s.first); });
    const bool known = spelling != kAsciiSpellings.end();
    ascii += known ? spelling->second : text.substr(0, 1);
    text.remove_prefix(known ? spelling->first.size() : 1);
  }
  return ascii;
}

}  // namespace vit
