#include "train/sweep/standing.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include "train/json_fields.hpp"
#include "train/stored_config.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace vit {
namespace {

// What of the run's own configuration is another than `config` says, a line each; "" when nothing.
std::string changes_text(const fs::path& run, const RunConfig& config) {
  std::vector<std::string> lines;
  try {
    for (const config::Difference& change : changes_since(run, config))
      lines.push_back(config::text_of(change));
  } catch (const ConfigError& error) {
    return "its configuration cannot be read any more: " + std::string(error.what());
  }
  return join(lines, "\n");
}

}  // namespace

Standing standing_of(const fs::path& run, const RunConfig& config) {
  using enum Standing::State;
  Standing standing;
  std::error_code ignored;
  if (!fs::is_regular_file(run / "config.yaml", ignored)) return standing;
  standing.state = kStarted;
  if (const std::optional<StoredSummary> summary = stored_summary(run)) {
    static_cast<StoredSummary&>(standing) = *summary;
    if (standing.is_finished() && standing.exit_code == 0) standing.state = kDone;
    if (standing.status == "diverged") standing.state = kDiverged;
    if (standing.status == "failed") standing.state = kFailed;
    const std::optional<StoredScore>& shown = standing.best ? standing.best : standing.last;
    if (shown) standing.probes = stored_probes(run, shown->step);
  }
  const std::string changes = changes_text(run, config);
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
  const nlohmann::json header = parse_json(line);
  if (!header.is_object()) return std::nullopt;
  RunProgress progress{0, integer_at(header, "total_steps")};
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  while (std::getline(file, line)) {  // the first and the last may be in pieces
    const nlohmann::json event = parse_json(line);
    if (event.is_object()) progress.step = integer_at(event, "step", progress.step);
  }
  return progress;
}

}  // namespace vit
