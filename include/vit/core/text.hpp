// Small text helpers shared by messages, tables and catalogues.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vit {

// The candidate closest to `word` by edit distance (transpositions count once), or "" when none is
// close enough to suggest.
std::string closest(std::string_view word, std::span<const std::string> candidates);

// "a", "a and b", "a, b and c"; `last` replaces "and".
std::string join_words(std::span<const std::string> words, std::string_view last = "and");
std::string join(std::span<const std::string> words, std::string_view separator);

// Groups digits by thin spaces for people: 1 281 167.
std::string grouped(int64_t n);

// `text` as a field of a CSV line: in quotes where it holds a comma, a quote or a line break.
std::string csv_field(const std::string& text);

// The fields of such a line, which has no line breaks in a field (RFC 4180): quotes may hold
// separators and doubled quotes. Nothing when a quote is left open.
std::optional<std::vector<std::string>> csv_fields(std::string_view line, char separator = ',');

// "1.2 GiB", "14.0 MiB", "512 B".
std::string human_bytes(double bytes);

// "3:07", "1:02:03".
std::string human_duration(double seconds);

// `text` with control characters replaced by '?': what comes from a file must not steer a terminal.
std::string printable(std::string_view text);

// A word for the shell: quoted when it holds anything but plain characters.
std::string shell_word(std::string_view text);

// Columns a terminal needs for UTF-8 text (one per code point).
int64_t display_width(std::string_view text);

// Shell-style wildcard match: '*', '?', no character classes.
bool matches_glob(std::string_view text, std::string_view pattern);

}  // namespace vit
