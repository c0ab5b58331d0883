#include "summary.hpp"

#include "vit/train/table.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace vit {
namespace {

std::vector<ProbeSetting> without_seed(std::vector<ProbeSetting> settings) {
  std::erase_if(settings, [](const ProbeSetting& setting) { return setting.name == "seed"; });
  return settings;
}

std::string value_text(const ProbeSetting& setting) {
  return setting.value ? fmt::format("{:g}", *setting.value) : "-";
}

bool has_seeds(const ProbeAnswer& answer) {
  return std::ranges::any_of(answer.results, [](const ProbeResult& result) {
    return std::ranges::any_of(result.settings, [](const ProbeSetting& setting) {
      return setting.name == "seed" && setting.value;
    });
  });
}

}  // namespace

bool same(const std::vector<ProbeSetting>& a, const std::vector<ProbeSetting>& b) {
  return std::ranges::equal(a, b, [](const ProbeSetting& x, const ProbeSetting& y) {
    return x.name == y.name && x.value == y.value;
  });
}

std::vector<ProbeSummary> over_seeds(const std::vector<ProbeResult>& results) {
  std::vector<ProbeSummary> summaries;
  for (const ProbeResult& result : results) {
    std::vector<ProbeSetting> settings = without_seed(result.settings);
    const bool is_known = std::ranges::any_of(
        summaries, [&](const ProbeSummary& summary) { return same(summary.settings, settings); });
    if (!is_known) summaries.push_back({std::move(settings), result.n, 0, {}});
  }
  for (ProbeSummary& summary : summaries) {
    std::vector<double> counts, top1;
    for (const ProbeResult& result : results) {
      if (!same(without_seed(result.settings), summary.settings)) continue;
      counts.push_back(static_cast<double>(result.count));
      top1.push_back(result.top1());
    }
    summary.count = spread_of(counts).mean;
    summary.top1 = spread_of(top1);
  }
  return summaries;
}

std::string settings_text(const std::vector<ProbeSetting>& settings, const char* between,
                          const char* within) {
  std::string text;
  for (const ProbeSetting& setting : settings)
    text += (text.empty() ? "" : between) + setting.name + within + value_text(setting);
  return text;
}

namespace {

using AnswersByWeights = std::vector<std::pair<std::string, std::vector<ProbeAnswer>>>;

std::string table_of(const AnswersByWeights& answers, size_t probe) {
  using Align = Table::Align;
  const ProbeAnswer& first = answers[0].second[probe];
  const bool seeded = has_seeds(first);
  std::vector<Table::Column> columns = {{"weights", Align::kLeft}};
  for (const ProbeSetting& setting : without_seed(first.results.at(0).settings))
    columns.push_back({setting.name, Align::kRight});
  if (seeded) columns.push_back({"seeds", Align::kRight});
  columns.push_back({"top-1 %", Align::kRight});
  columns.push_back({"right", Align::kRight});
  Table table(columns);
  for (const auto& [weights, all] : answers) {
    for (const ProbeSummary& summary : over_seeds(all.at(probe).results)) {
      std::vector<std::string> cells = {weights};
      for (const ProbeSetting& setting : summary.settings) cells.push_back(value_text(setting));
      if (seeded) cells.push_back(std::to_string(summary.top1.n));
      cells.push_back(percent(summary.top1));
      const int digits = summary.top1.n > 1 ? 1 : 0;
      cells.push_back(fmt::format("{:.{}f} of {}", summary.count, digits, summary.n));
      table.add(std::move(cells));
    }
  }
  return table.boxed();
}

}  // namespace

std::string probe_tables(const AnswersByWeights& answers) {
  std::string text;
  for (size_t probe = 0; !answers.empty() && probe < answers[0].second.size(); ++probe)
    text += "  " + answers[0].second[probe].probe + "\n" + table_of(answers, probe);
  return text;
}

}  // namespace vit
