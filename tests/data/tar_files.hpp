// Tar files written by the tests.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace vit::test {

struct TarOptions {
  char type = '0';
  std::string prefix = {};
  bool base256 = false;
  bool gnu = false;
};

inline void set_tar_checksum(std::string& block) {
  block.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  block.replace(148, 7, text, 7);
}

inline std::string tar_header(const std::string& name, uint64_t size,
                              const TarOptions& options = {}) {
  std::string block(512, '\0');
  const auto put = [&](size_t at, const std::string& text) {
    block.replace(at, text.size(), text);
  };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  char text[16];
  std::snprintf(text, sizeof text, "%011llo", static_cast<unsigned long long>(size));
  put(124, text);
  if (options.base256) {
    block.replace(124, 12, 12, '\0');
    block[124] = '\x80';
    for (size_t i = 0; i < 8; ++i) block[135 - i] = static_cast<char>(size >> (8 * i));
  }
  block[156] = options.type;
  block.replace(257, 8,
                options.gnu ? std::string("ustar  ") + '\0'
                            : std::string("ustar\0"
                                          "00",
                                          8));
  put(345, options.prefix);
  set_tar_checksum(block);
  return block;
}

inline std::string tar_member(const std::string& name, const std::string& content,
                              const TarOptions& options = {}) {
  return tar_header(name, content.size(), options) + content +
         std::string((512 - content.size() % 512) % 512, '\0');
}

inline std::string pax_record(const std::string& key, const std::string& value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return std::to_string(length) + " " + key + "=" + value + "\n";
}

inline std::string tar_end() { return std::string(1024, '\0'); }

}  // namespace vit::test
