// "unknown key; did you mean ...?": the section first, then every key of the tree.
#include "vit/core/text.hpp"

#include "config/node.hpp"
#include "config/read.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vit::config {
namespace {

std::string last_word(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// The path of a key with this very name, or of one whose name is close.
std::string find_elsewhere(const std::string& key, const std::vector<std::string>& all_keys) {
  std::vector<std::string> words;
  for (const std::string& path : all_keys) {
    if (last_word(path) == key) return path;
    words.push_back(last_word(path));
  }
  const std::string guess = closest(key, words);
  const auto found = std::find(words.begin(), words.end(), guess);
  return guess.empty() ? "" : all_keys[static_cast<size_t>(found - words.begin())];
}

std::string advice(const UnknownKey& unknown, const std::vector<std::string>& all_keys) {
  constexpr size_t kMostListed = 16;
  const std::string& key = unknown.key;
  if (std::find(all_keys.begin(), all_keys.end(), key) != all_keys.end() &&
      key.find('.') != std::string::npos) {
    return fmt::format("; nest it: {}: {{{}: ...}}", key.substr(0, key.find('.')),
                       key.substr(key.find('.') + 1));
  }
  const std::string sibling = closest(key, unknown.siblings);
  if (!sibling.empty()) return fmt::format("; did you mean '{}'?", sibling);
  if (!unknown.elsewhere.empty()) return "; " + unknown.elsewhere;
  const std::string other = find_elsewhere(key, all_keys);
  if (!other.empty()) return fmt::format("; did you mean '{}'?", other);
  if (unknown.siblings.empty() || unknown.siblings.size() > kMostListed) return "";
  return fmt::format("; there are {}", join_words(unknown.siblings));
}

}  // namespace

Problem describe_unknown(const UnknownKey& unknown, const std::vector<std::string>& all_keys) {
  Problem problem;
  problem.origin = unknown.origin;
  problem.key = path_of(unknown.section, unknown.key);
  problem.text = "unknown key" + advice(unknown, all_keys);
  problem.unknown_key = true;
  return problem;
}

}  // namespace vit::config
