// Plain tables for people: box-drawing borders, columns as wide as their content, numbers
// right-aligned.
#pragma once

#include <string>
#include <vector>

namespace vit {

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  explicit Table(std::vector<Column> columns);
  void add(std::vector<std::string> cells);
  // With borders (result tables), or columns separated by two spaces (lists).
  std::string boxed(const std::string& indent = "  ") const;
  std::string plain(const std::string& indent = "  ") const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace vit
