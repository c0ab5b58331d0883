#include "config/node.hpp"

#include "vit/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace vit::config {

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Node merged(const Node& below, const Node& above) {
  Node result = above;
  if (above.kind == Node::Kind::kNull || above.kind == Node::Kind::kList) return result;
  if (above.under != nullptr) {
    result.under = std::make_shared<const Node>(merged(below, *above.under));
    return result;
  }
  const bool are_maps = below.kind == Node::Kind::kMap && above.kind == Node::Kind::kMap;
  if (!are_maps || above.find("name") != nullptr) {
    result.under = std::make_shared<const Node>(below);
    return result;
  }
  result.entries = below.entries;
  result.under = below.under;
  for (const Entry& entry : above.entries) {
    const auto same = std::find_if(result.entries.begin(), result.entries.end(),
                                   [&](const Entry& other) { return other.key == entry.key; });
    if (same == result.entries.end()) {
      result.entries.push_back(entry);
    } else {
      same->value = merged(same->value, entry.value);
    }
  }
  return result;
}

Node folded_map(const Node& node) {
  if (node.under == nullptr || node.kind != Node::Kind::kMap) return node;
  Node top = node;
  top.under = nullptr;
  const Node below = folded_map(*node.under);
  if (below.kind != Node::Kind::kMap) return top;
  for (Entry& entry : top.entries) {
    const Node* old = below.find(entry.key);
    if (old != nullptr) entry.value = merged(*old, entry.value);
  }
  for (const Entry& entry : below.entries) {
    if (top.find(entry.key) == nullptr) top.entries.push_back(entry);
  }
  return top;
}

Origin origin_of(const Node& node) {
  if (node.source == nullptr) return {};
  const Source& source = *node.source;
  Origin origin;
  origin.order = source.order;
  if (source.is_command_line() || node.line <= 0) {
    origin.place = source.name;
    return origin;
  }
  origin.line = node.line;
  if (static_cast<size_t>(node.line) <= source.lines.size()) {
    origin.source_line = source.lines[static_cast<size_t>(node.line - 1)];
  }
  const std::string_view before =
      std::string_view(origin.source_line).substr(0, static_cast<size_t>(node.column - 1));
  origin.column = display_width(before) + 1;
  origin.place = fmt::format("{}:{}:{}", source.name, origin.line, origin.column);
  return origin;
}

std::string path_of(std::string_view section, std::string_view key) {
  if (section.empty()) return std::string(key);
  if (key.empty()) return std::string(section);
  return fmt::format("{}.{}", section, key);
}

bool is_number(std::string_view key) {
  return !key.empty() && key.size() < 9 &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string what_it_is(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return fmt::format("'{}'", node.text);
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "keys and values";
  }
  return "";
}

std::shared_ptr<Source> make_source(std::string name, std::string_view text,
                                    std::filesystem::path folder) {
  static std::atomic<int64_t> count = 0;
  auto source = std::make_shared<Source>();
  source->name = std::move(name);
  source->folder = std::move(folder);
  source->order = count++;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    source->lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return source;
}

}  // namespace vit::config
