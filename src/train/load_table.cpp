#include "vit/train/load_table.hpp"

#include "vit/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace vit {
namespace {

std::string shown(const std::vector<std::string>& names) {
  constexpr size_t kShown = 4;
  const size_t count = std::min(names.size(), kShown);
  return printable(join(std::span(names).first(count), ", ")) +
         (count < names.size() ? ", ..." : "");
}

}  // namespace

std::string load_table(const LoadReport& report) {
  struct Row {
    const char* fate;
    const char* meaning;
    const std::vector<std::string>& names;
  };
  const Row rows[] = {
      {"resized", "to the model's grid", report.resized},
      {"adapted", "to the model's patches or channels", report.adapted},
      {"new", "in the model, not from the file", report.fresh},
      {"dropped", "of the file's own task", report.dropped},
      {"unused", "in the file, unknown to the model", report.unused},
      {"ignored", "in the file, no parameters", report.ignored},
  };
  std::string text = fmt::format("{:<8} {:>4}  of {} tensors of the model", "matched",
                                 report.matched, report.total);
  for (const Row& row : rows) {
    if (!row.names.empty()) {
      text += fmt::format("\n{:<8} {:>4}  {}: {}", row.fate, row.names.size(), row.meaning,
                          shown(row.names));
    }
  }
  for (const std::string& note : report.notes) text += fmt::format("\n{:<14}{}", "note", note);
  return text;
}

}  // namespace vit
