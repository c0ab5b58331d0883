#include "duplicates_text.hpp"

#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

namespace vit::cli {
namespace {

const char* kind_of(const Duplicate& duplicate) { return duplicate.is_exact ? "exact" : "near"; }

std::string table_of(const DedupResult& result) {
  if (result.duplicates.empty()) return "";
  using Align = Table::Align;
  Table table({{"train"},
               {"test"},
               {"kind"},
               {"distance", Align::kRight},
               {"similarity", Align::kRight},
               {""}});
  for (const Duplicate& duplicate : result.duplicates) {
    table.add({printable(duplicate.name), printable(duplicate.original), kind_of(duplicate),
               std::to_string(duplicate.distance), fmt::format("{:.3f}", duplicate.similarity),
               duplicate.is_mirrored ? "mirrored" : ""});
  }
  return table.plain("");
}

std::string csv_of(const DedupResult& result) {
  std::string text = "train,test,kind,distance,similarity,mirrored\n";
  for (const Duplicate& duplicate : result.duplicates) {
    text += fmt::format("{},{},{},{},{:.4f},{}\n", csv_field(duplicate.name),
                        csv_field(duplicate.original), kind_of(duplicate), duplicate.distance,
                        duplicate.similarity, duplicate.is_mirrored);
  }
  return text;
}

std::string json_lines_of(const DedupResult& result) {
  using Json = nlohmann::ordered_json;
  std::string text;
  for (const Duplicate& duplicate : result.duplicates) {
    const Json line = {{"train", duplicate.name},
                       {"test", duplicate.original},
                       {"kind", kind_of(duplicate)},
                       {"distance", duplicate.distance},
                       {"similarity", std::round(duplicate.similarity * 1e4) / 1e4},
                       {"mirrored", duplicate.is_mirrored}};
    // Names of files may be no UTF-8.
    text += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

std::string summary(const DedupResult& result) {
  const auto all = static_cast<int64_t>(result.duplicates.size());
  const auto exact = std::ranges::count_if(result.duplicates, &Duplicate::is_exact);
  std::string text =
      fmt::format("{} of {} pictures are duplicates ({} exact, {} near); {} were compared with",
                  grouped(all), grouped(result.pictures), grouped(exact), grouped(all - exact),
                  grouped(result.test_pictures));
  if (result.unreadable > 0) text += fmt::format("; {} left out", grouped(result.unreadable));
  return text;
}

}  // namespace

void print_duplicates(const DedupResult& result, const std::string& format) {
  const std::string text = format == "csv"     ? csv_of(result)
                           : format == "jsonl" ? json_lines_of(result)
                                               : table_of(result);
  fmt::print("{}", text);
  spdlog::info("dedup: {}", summary(result));
}

}  // namespace vit::cli
