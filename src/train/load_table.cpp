#include "vit/train/load_table.hpp"

#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

#include <fmt/format.h>

#include <span>

namespace vit {
namespace {

std::string shown(const std::vector<std::string>& names) {
  constexpr size_t kShown = 4;
  if (names.size() <= kShown) return join(names, ", ");
  return join(std::span(names).first(kShown), ", ") + ", ...";
}

}  // namespace

std::string load_table(const LoadReport& report) {
  struct Row {
    const char* fate;
    const std::vector<std::string>& names;
    const char* meaning;
  };
  const Row rows[] = {
      {"resized", report.resized, "to the model's grid"},
      {"adapted", report.adapted, "to the model's patches or channels"},
      {"new", report.fresh, "in the model, as initialised"},
      {"dropped", report.dropped, "head of the file"},
      {"unused", report.unused, "in the file, unknown to the model"},
      {"ignored", report.ignored, "in the file, no parameters"},
  };
  Table table({{"tensors"}, {"", Table::Align::kRight}, {""}, {""}});
  table.add({"matched", std::to_string(report.matched), "of " + std::to_string(report.total), ""});
  for (const Row& row : rows) {
    if (!row.names.empty())
      table.add({row.fate, std::to_string(row.names.size()), row.meaning, shown(row.names)});
  }
  std::string text = table.plain("");
  for (const std::string& note : report.notes) text += "note     " + note + "\n";
  text.pop_back();
  return text;
}

}  // namespace vit
