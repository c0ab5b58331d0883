#include "file_flaw.hpp"

#include <fmt/format.h>

namespace vit {

CheckpointError unusable(const std::filesystem::path& path, const FileFlaw& flaw,
                         const std::string& kind) {
  const std::string remedy =
      flaw.remedy.empty()
          ? fmt::format("It is damaged, incomplete or no {}; get or write it again.", kind)
          : flaw.remedy;
  return CheckpointError(fmt::format("this weights file cannot be used: it {}\nfile: {}\n{}",
                                     flaw.what(), path.string(), remedy));
}

std::string in_quotes(std::string_view name) {
  constexpr size_t kLongest = 120;
  std::string text(name.substr(0, kLongest));
  for (char& character : text) {
    if (static_cast<unsigned char>(character) < ' ' || character == '\x7f') character = '?';
  }
  return fmt::format("\"{}{}\"", text, name.size() > kLongest ? "..." : "");
}

}  // namespace vit
