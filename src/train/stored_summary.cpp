#include "stored_summary.hpp"

#include "vit/core/files.hpp"

#include "json_fields.hpp"

#include <limits>

namespace vit {
namespace {

using Json = nlohmann::json;

std::optional<StoredScore> score_at(const Json& summary, const char* key) {
  const auto found = summary.find(key);
  if (found == summary.end() || !found->is_object()) return std::nullopt;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  StoredScore score;
  score.top1 = number_at(*found, "top1", kNone);
  score.top5 = number_at(*found, "top5", kNone);
  score.loss = number_at(*found, "loss", kNone);
  score.step = integer_at(*found, "step");
  score.n = integer_at(*found, "n");
  score.weights = text_at(*found, "weights");
  score.top1_count = integer_at(*found, "top1_count");
  return score;
}

}  // namespace

std::optional<StoredSummary> stored_summary(const fs::path& run) {
  const fs::path file = run / "summary.json";
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return std::nullopt;
  const Json json = parse_json(read_text(file));
  if (!json.is_object()) return std::nullopt;
  StoredSummary summary;
  summary.status = text_at(json, "status");
  summary.message = text_at(json, "message");
  summary.exit_code = integer_at(json, "exit", -1);
  summary.wall_s = number_at(json, "wall_s", 0);
  summary.examples = integer_at(json, "examples");
  summary.parameters = number_at(json, "params");
  summary.macs = number_at(json, "macs");
  summary.step = number_at(json, "step");
  summary.epoch = number_at(json, "epoch");
  summary.exaflops = number_at(json, "exaflops");
  summary.device_hours = number_at(json, "device_hours");
  summary.best = score_at(json, "best");
  summary.last = score_at(json, "last");
  summary.last_average = score_at(json, "last_average");
  return summary;
}

}  // namespace vit
