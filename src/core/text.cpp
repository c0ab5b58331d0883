#include "vit/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace vit {
namespace {

// How names are compared for suggestions: case and the kind of word separator do not matter.
std::string folded(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ' || c == '/') c = '_';
  }
  return result;
}

// Edit distance in which exchanging two neighbours counts once (optimal string alignment).
int64_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::vector<int64_t>, 3> rows;  // of positions i-2, i-1, i in `a`
  for (auto& row : rows) row.resize(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) rows[1][j] = static_cast<int64_t>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& [before, last, row] = rows;
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return rows[1][b.size()];
}

}  // namespace

std::string closest(std::string_view word, std::span<const std::string> candidates) {
  constexpr size_t kLongestWord = 100;  // longer ones are no typing mistakes
  constexpr size_t kShortestPart = 3;   // an abbreviation of at least this length counts as close
  if (word.empty() || word.size() > kLongestWord) return "";
  const std::string wanted = folded(word);
  // A third of the letters may be wrong, one in words of three to five, none in shorter ones.
  int64_t best = static_cast<int64_t>(wanted.size()) / 3 + 1;
  std::string result;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::string known = folded(candidate);
    const int64_t distance = edit_distance(wanted, known);
    if (distance < best) {
      best = distance;
      result = candidate;
    }
  }
  if (!result.empty()) return result;
  for (const std::string& candidate : candidates) {
    const std::string known = folded(candidate);
    const bool abbreviates = wanted.size() >= kShortestPart && known.starts_with(wanted);
    const bool extends = known.size() >= kShortestPart && wanted.starts_with(known);
    const bool ends = wanted.size() >= kShortestPart && known.ends_with("_" + wanted);
    if (abbreviates || extends || ends) return candidate;
  }
  return "";
}

std::string join_words(std::span<const std::string> words, std::string_view last) {
  if (words.empty()) return "";
  if (words.size() == 1) return words[0];
  return fmt::format("{} {} {}", join(words.first(words.size() - 1), ", "), last, words.back());
}

std::string join(std::span<const std::string> words, std::string_view separator) {
  std::string result;
  for (const std::string& word : words) {
    if (&word != words.data()) result += separator;
    result += word;
  }
  return result;
}

std::string grouped(int64_t n) {
  constexpr std::string_view kThinSpace = "\xE2\x80\x89";
  const std::string digits = fmt::format("{}", n);
  const size_t first = digits.starts_with('-') ? 1 : 0;
  std::string result;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) result += kThinSpace;
    result += digits[i];
  }
  return result;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::optional<std::vector<std::string>> csv_fields(std::string_view line, char separator) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (is_quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == separator && !is_quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (is_quoted) return std::nullopt;
  return fields;
}

std::string human_bytes(double bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t unit = 0;
  // 1023.95 would be printed as 1024.0
  while (std::abs(bytes) >= (unit == 0 ? 1023.5 : 1023.95) && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string human_duration(double seconds) {
  if (!(seconds < 1e12)) return "-";  // unknown, or no number
  const int64_t whole = std::max<int64_t>(0, std::llround(seconds));
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60;
  if (hours == 0) return fmt::format("{}:{:02}", minutes, whole % 60);
  return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
}

std::string printable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(
      clean, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return clean;
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=:,./@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos)
    return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

int64_t display_width(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

bool matches_glob(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0;
  size_t star = std::string_view::npos,
         resume = 0;  // the last '*', and where its match may grow from
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace vit
