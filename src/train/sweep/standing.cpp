#include "train/sweep/standing.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <limits>

namespace vit {
namespace {

using Json = nlohmann::json;

Json parse(const std::string& text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

Json read_summary(const fs::path& run) {
  std::error_code ignored;
  if (!fs::is_regular_file(run / "summary.json", ignored)) return nullptr;
  return parse(read_text(run / "summary.json"));
}

// A number, or `otherwise` for what is absent or null.
template <class T>
T number(const Json& object, const char* key, T otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<T>() : otherwise;
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<SweepScore> score(const Json& summary, const char* key) {
  const auto found = summary.find(key);
  if (found == summary.end() || !found->is_object()) return std::nullopt;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  return SweepScore{number(*found, "top1", kNone),   number(*found, "top5", kNone),
                    number(*found, "loss", kNone),   number<int64_t>(*found, "step", 0),
                    number<int64_t>(*found, "n", 0), text(*found, "weights")};
}

// What of the run's own configuration is another than `config` says, a line each; "" when nothing.
std::string changes_since(const fs::path& run, const RunConfig& config) {
  const fs::path file = run / "config.yaml";
  std::string lines;
  try {
    const RunConfig stored =
        read_run_config(config::Document::from_text(read_text(file), file.string(), run));
    for (const config::Difference& change : config::diff(stored, config)) {
      if (change.resumable) continue;
      lines += fmt::format("{}{}: {} -> {}", lines.empty() ? "" : "\n", change.key,
                           change.old_text.empty() ? "(none)" : change.old_text,
                           change.new_text.empty() ? "(none)" : change.new_text);
    }
  } catch (const ConfigError& error) {
    return "its configuration cannot be read any more: " + std::string(error.what());
  }
  return lines;
}

}  // namespace

Standing standing_of(const fs::path& run, const RunConfig& config) {
  using enum Standing::State;
  Standing standing;
  std::error_code ignored;
  if (!fs::is_regular_file(run / "config.yaml", ignored)) return standing;
  standing.state = kStarted;
  const Json summary = read_summary(run);
  if (summary.is_object()) {
    standing.status = text(summary, "status");
    standing.message = text(summary, "message");
    standing.best = score(summary, "best");
    standing.last = score(summary, "last");
    standing.last_average = score(summary, "last_average");
    standing.wall_s = number(summary, "wall_s", 0.0);
    const bool is_done = standing.status == "done" || standing.status == "early_stopped";
    if (is_done && number(summary, "exit", -1) == 0) standing.state = kDone;
    if (standing.status == "diverged") standing.state = kDiverged;
    if (standing.status == "failed") standing.state = kFailed;
  }
  const std::string changes = changes_since(run, config);
  if (changes.empty()) return standing;
  if (!fs::exists(run / "checkpoints", ignored)) return {};  // nothing would be lost
  standing.state = kChanged;
  standing.message = changes;
  return standing;
}

std::optional<RunProgress> progress_of(const fs::path& run) {
  constexpr std::streamoff kTail = 4096;  // holds the last lines
  std::ifstream file(run / "metrics.jsonl", std::ios::binary);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const Json header = parse(line);
  if (!header.is_object()) return std::nullopt;
  RunProgress progress{0, number<int64_t>(header, "total_steps", 0)};
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  while (std::getline(file, line)) {  // the first and the last may be in pieces
    const Json event = parse(line);
    if (event.is_object()) progress.step = number<int64_t>(event, "step", progress.step);
  }
  return progress;
}

}  // namespace vit
