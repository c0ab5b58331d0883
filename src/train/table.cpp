#include "vit/train/table.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include "train/screen_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace vit {
namespace {

// The strokes of a border: left, middle and right corners of one horizontal line.
struct Rule {
  const char *left, *middle, *right;
};
struct Border {
  const char *horizontal, *vertical;
  Rule top, between, bottom;
};
constexpr Border kLines = {"\u2500",
                           "\u2502",
                           {"\u250c", "\u252c", "\u2510"},
                           {"\u251c", "\u253c", "\u2524"},
                           {"\u2514", "\u2534", "\u2518"}};
constexpr Border kAscii = {"-", "|", {"+", "+", "+"}, {"+", "+", "+"}, {"+", "+", "+"}};

using Widths = std::vector<int64_t>;

std::string aligned(const std::string& text, int64_t width, Table::Align align) {
  const std::string space(static_cast<size_t>(std::max<int64_t>(0, width - display_width(text))),
                          ' ');
  return align == Table::Align::kLeft ? text + space : space + text;
}

std::string horizontal_rule(const Border& border, const Rule& rule, const Widths& widths) {
  std::string line = rule.left;
  for (size_t c = 0; c < widths.size(); ++c) {
    if (c > 0) line += rule.middle;
    for (int64_t i = 0; i < widths[c] + 2; ++i) line += border.horizontal;
  }
  return line + rule.right + "\n";
}

Widths widths_of(const std::vector<Table::Column>& columns,
                 const std::vector<std::vector<std::string>>& rows) {
  Widths widths;
  for (size_t c = 0; c < columns.size(); ++c) {
    int64_t width = display_width(columns[c].title);
    for (const auto& row : rows) width = std::max(width, display_width(row[c]));
    widths.push_back(width);
  }
  return widths;
}

std::vector<std::string> titles_of(const std::vector<Table::Column>& columns) {
  std::vector<std::string> titles;
  for (const auto& column : columns) titles.push_back(column.title);
  return titles;
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells) {
  VIT_CHECK(cells.size() <= columns_.size(),
            "a table row has more cells than the table has columns");
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::boxed(const std::string& indent) const {
  const Border& border = screen_is_utf8() ? kLines : kAscii;
  const Widths widths = widths_of(columns_, rows_);
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text = indent + border.vertical;
    for (size_t c = 0; c < cells.size(); ++c) {
      text +=
          fmt::format(" {} {}", aligned(cells[c], widths[c], columns_[c].align), border.vertical);
    }
    return text + "\n";
  };
  std::string text = indent + horizontal_rule(border, border.top, widths);
  text += line(titles_of(columns_)) + indent + horizontal_rule(border, border.between, widths);
  for (const auto& row : rows_) text += line(row);
  return text + indent + horizontal_rule(border, border.bottom, widths);
}

std::string Table::plain(const std::string& indent) const {
  const Widths widths = widths_of(columns_, rows_);
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text = indent;
    for (size_t c = 0; c < cells.size(); ++c) {
      text += (c > 0 ? "  " : "") + aligned(cells[c], widths[c], columns_[c].align);
    }
    text.erase(text.find_last_not_of(' ') + 1);  // npos + 1 == 0: a blank row becomes an empty line
    return text + "\n";
  };
  const auto titles = titles_of(columns_);
  const bool untitled =
      std::all_of(titles.begin(), titles.end(), [](const auto& t) { return t.empty(); });
  std::string text = untitled ? "" : line(titles);
  for (const auto& row : rows_) text += line(row);
  return text;
}

}  // namespace vit
