// Everything wrong with a configuration, collected first and thrown once.
//
// A struct's own rules between its members live in `void check(config::Problems& p) const`:
//   p.require(width % heads == 0, "heads", "must divide the width");
// The reader adds the section's path and the place where the key was written.
#pragma once

#include "vit/core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vit::config {

// Where a value was written.
struct Origin {
  std::string place;   // "my.yaml:3:3" or "--set batch.examples=-5"; "" for a default
  int64_t line = 0;    // 1-based, 0 when there is no source line to show
  int64_t column = 0;  // 1-based, in characters
  std::string source_line;
  int64_t order =
      0;  // problems are listed by (order, line, column): files as they were read, then --set
};

struct Problem {
  Origin origin;
  std::string key;   // full path, "" when the text says it all
  std::string text;  // "must be > 0, got -5"
  bool unknown_key = false;

  std::string message() const;  // "my.yaml:3:3: batch.examples: must be > 0, got -5"
};

class Problems {
 public:
  // Notes a problem with `key` (relative to the struct that is checked) unless `holds`.
  void require(bool holds, std::string_view key, std::string_view text);
  void add(std::string_view key, std::string_view text);

  void add(Problem problem);
  void add(const Problems& others);

  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }
  const std::vector<Problem>& list() const { return list_; }

  // "2 problems in the configuration\n  my.yaml:1:1: sede: unknown key; did you mean 'seed'?\n ..."
  std::string text() const;
  // The same with each source line and a caret below its problem, and where to read about the keys:
  // for a terminal.
  std::string detailed_text() const;

 private:
  std::vector<Problem> list_;
};

// what() is problems().text(); cli prints detailed_text() instead on a terminal.
class InvalidConfig : public ConfigError {
 public:
  explicit InvalidConfig(Problems problems)
      : ConfigError(problems.text()), problems_(std::move(problems)) {}
  const Problems& problems() const { return problems_; }

 private:
  Problems problems_;
};

}  // namespace vit::config
