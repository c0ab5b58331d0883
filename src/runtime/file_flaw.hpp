// What is wrong with a weight file, known where the bytes are looked at, told where the path is
// known.
#pragma once

#include "vit/core/error.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace vit {

// `what()` follows "it ..."; the remedy is a line of its own, or empty for the usual one.
struct FileFlaw : std::runtime_error {
  explicit FileFlaw(const std::string& text, std::string a_remedy = "")
      : std::runtime_error(text), remedy(std::move(a_remedy)) {}
  std::string remedy;
};

// `kind`: "safetensors file", for the usual remedy.
CheckpointError unusable(const std::filesystem::path& path, const FileFlaw& flaw,
                         const std::string& kind);

// Dimensions of a tensor that a file may have: what a LibTorch iterator takes.
inline constexpr size_t kMaxDimensions = 64;

// A name from a file, made fit for a message: short, printable, in quotes.
std::string in_quotes(std::string_view name);

}  // namespace vit
