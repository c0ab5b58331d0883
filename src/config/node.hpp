// The tree a Document holds: YAML values that know where they were written, and which layers lie
// below them.
#pragma once

#include "vit/config/document.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vit::config {

// A text that was read: a file, or one --set.
struct Source {
  std::string name;                // "my.yaml", "--set a=1"
  std::vector<std::string> lines;  // empty for the command line, whose name says it all
  std::filesystem::path folder;    // where relative paths start; empty: the working directory
  int64_t order = 0;

  bool is_command_line() const { return lines.empty(); }
};

struct Entry;

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;            // kScalar
  bool is_quoted = false;      // kScalar: certainly text
  std::vector<Node> items;     // kList
  std::vector<Entry> entries;  // kMap

  // The earlier layer at the same key, where only read() can say what becomes of it: a named
  // section is replaced or merged.
  std::shared_ptr<const Node> under;

  // Of the key for values in maps, of the value itself elsewhere; 1-based, in bytes.
  std::shared_ptr<const Source> source;
  int64_t line = 0, column = 0;

  const Node* find(std::string_view key) const;  // in kMap, else null
};

struct Entry {
  std::string key;
  Node value;
};

Node merged(const Node& below, const Node& above);

// A map of all its layers, the upper ones first; a layer of another kind hides what lies below it.
Node folded_map(const Node& node);

Origin origin_of(const Node& node);
std::string path_of(std::string_view section, std::string_view key);  // "section.key"
bool is_number(std::string_view key);                                 // only digits

// "'maybe'", "a list", "keys and values", "nothing"
std::string what_it_is(const Node& node);

// Parses one YAML document; problems are added, and the rest of the text is still used as far as it
// makes sense. False when it makes none (a syntax error).
struct ParseResult {
  Node root;
  Problems problems;
  bool is_usable = true;
};
ParseResult parse_yaml(const std::string& text, std::shared_ptr<const Source> source);

// Replaces ${VAR} and ${VAR:-default} in all scalars. As a path, what starts with the value of a
// variable is relative to the working directory.
void expand_variables(Node& root, Problems& problems);

std::shared_ptr<Source> make_source(std::string name, std::string_view text,
                                    std::filesystem::path folder);

}  // namespace vit::config
