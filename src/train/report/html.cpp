#include "html.hpp"

#include <cstdint>

namespace vit {
namespace {

struct Character {
  size_t bytes = 1;
  bool can_show = false;
};

// Bytes of a sequence that begins with `lead`; 0: none does.
size_t sequence_length(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

bool can_show(uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n';
  const bool is_control = code >= 0x7f && code <= 0x9f;
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return !is_control && !is_surrogate && code != 0xfffe && code != 0xffff && code <= 0x10ffff;
}

// The character that begins at byte `at` of `text`; one byte that cannot be shown where none does.
Character character_at(const std::string& text, size_t at) {
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};  // smaller ones have shorter forms
  const auto lead = static_cast<uint8_t>(text[at]);
  const size_t bytes = sequence_length(lead);
  if (bytes == 0 || at + bytes > text.size()) return {};
  uint32_t code = bytes == 1 ? lead : lead & (0x7fU >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<uint8_t>(text[at + i]);
    if ((next & 0xc0U) != 0x80U) return {};
    code = code << 6 | (next & 0x3fU);
  }
  if (code < kSmallest[bytes]) return {};
  return {bytes, can_show(code)};
}

const char* written_out(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return nullptr;
  }
}

}  // namespace

std::string html_text(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (!character.can_show) {
      out += "\ufffd";
    } else if (const char* longer = written_out(text[at])) {
      out += longer;
    } else {
      out += text.substr(at, character.bytes);
    }
    at += character.bytes;
  }
  return out;
}

size_t characters_in(const std::string& text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += character_at(text, at).bytes) ++count;
  return count;
}

std::string shortened(const std::string& text, size_t most) {
  if (characters_in(text) <= most) return text;
  size_t end = 0;
  for (size_t count = 1; count < most; ++count) end += character_at(text, end).bytes;
  return text.substr(0, end) + "\u2026";
}

}  // namespace vit
