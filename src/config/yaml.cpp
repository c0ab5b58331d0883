#include "vit/config/yaml.hpp"

#include "config/node.hpp"
#include "config/scalars.hpp"

#include <algorithm>
#include <string_view>

namespace vit::config {
namespace {

Node folded(const Node& node) {
  Node result = folded_map(node);
  for (Node& item : result.items) item = folded(item);
  for (Entry& entry : result.entries) entry.value = folded(entry.value);
  return result;
}

// Words that mean the same with brackets and commas around them. Quotes would turn a number into
// text, so they are used only where they were, or have to be.
std::string scalar_text(const Node& node) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+/- ";
  const std::string& text = node.text;
  const bool is_plain =
      !node.is_quoted && !text.empty() && text.find_first_not_of(kPlain) == std::string::npos &&
      text.front() != ' ' && text.back() != ' ' && !text.starts_with("- ") && text != "-";
  return is_plain ? text : quoted_if_needed(text);
}

std::string text_of(const Node& node) {
  std::string inside;
  const auto add = [&inside](const std::string& part) {
    inside += (inside.empty() ? "" : ", ") + part;
  };
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar:
      return scalar_text(node);
    case Node::Kind::kList:
      for (const Node& item : node.items) add(text_of(item));
      return "[" + inside + "]";
    case Node::Kind::kMap:
      for (const Entry& entry : node.entries)
        add(quoted_if_needed(entry.key) + ": " + text_of(entry.value));
      return "{" + inside + "}";
  }
  return "";
}

}  // namespace

Yaml::Yaml(const Node& node) : node_(std::make_shared<const Node>(folded(node))) {}

Yaml::Kind Yaml::kind() const {
  if (node_ == nullptr) return Kind::kNothing;
  switch (node_->kind) {
    case Node::Kind::kNull:
      return Kind::kNothing;
    case Node::Kind::kScalar:
      return Kind::kScalar;
    case Node::Kind::kList:
      return Kind::kList;
    case Node::Kind::kMap:
      return Kind::kMap;
  }
  return Kind::kNothing;
}

std::string Yaml::text() const { return node_ == nullptr ? "null" : text_of(*node_); }

std::string Yaml::scalar() const { return kind() == Kind::kScalar ? node_->text : ""; }

std::string Yaml::what() const { return node_ == nullptr ? "nothing" : what_it_is(*node_); }

std::vector<Yaml> Yaml::items() const {
  std::vector<Yaml> result;
  if (kind() != Kind::kList) return result;
  for (const Node& item : node_->items) result.emplace_back(item);
  return result;
}

std::vector<std::pair<std::string, Yaml>> Yaml::entries() const {
  std::vector<std::pair<std::string, Yaml>> result;
  if (kind() != Kind::kMap) return result;
  for (const Entry& entry : node_->entries) result.emplace_back(entry.key, Yaml(entry.value));
  return result;
}

Origin Yaml::origin() const { return node_ == nullptr ? Origin{} : origin_of(*node_); }

std::filesystem::path Yaml::folder() const {
  return node_ == nullptr || node_->source == nullptr ? std::filesystem::path()
                                                      : node_->source->folder;
}

}  // namespace vit::config
