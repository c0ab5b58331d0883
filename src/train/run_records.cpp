#include "run_records.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/version.hpp"
#include "vit/runtime/device.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Json describe_session(const RunRequest& request, const Parts& parts) {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  Json session = {{"time", utc_now()},
                  {"argv", request.argv},
                  {"cwd", fs::current_path().string()},
                  {"host", host},
                  {"pid", getpid()},
                  {"vit", build_info().version},
                  {"git", build_info().git_revision},
                  {"build", build_info().build_type},
                  {"libtorch", describe_libtorch()},
                  {"device", describe(parts.device)},
                  {"start_step", parts.state->progress.step}};
  for (const char* name : {"SLURM_JOB_ID", "SLURM_RESTART_COUNT"}) {
    if (const char* value = std::getenv(name)) session[name] = value;
  }
  return session;
}

void write_meta(const fs::path& file, const RunRequest& request, const Parts& parts) {
  Json meta = {{"schema", 1}, {"sessions", Json::array()}};
  if (fs::exists(file)) {
    const Json before = Json::parse(read_text(file), nullptr, /*allow_exceptions=*/false);
    if (before.is_object() && before.contains("sessions") && before["sessions"].is_array())
      meta = before;
  }
  meta["train"] = {{"split", parts.splits.train}, {"examples", parts.train_set->size()}};
  meta["val"] = {{"split", parts.splits.val}, {"examples", parts.val_set->size()}};
  meta["classes"] = parts.source->info().classes.size();
  meta["sessions"].push_back(describe_session(request, parts));
  write_atomically(file, meta.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

void write_records(const fs::path& folder, const RunRequest& request, const Parts& parts,
                   bool resumed) {
  write_atomically(folder / "config.yaml",
                   config::write_with_origins(parts.config, request.document));
  write_meta(folder / "meta.json", request, parts);
  if (!resumed && parts.config.log.samples)
    write_sample_grid(folder / "samples" / "train_batch0.png", parts);
}

void record_bad_step(const fs::path& folder, const Parts& parts, int64_t step) {
  const int64_t batch = parts.config.batch.examples;
  const Sampler sampler = training_order(parts);
  Json samples = Json::array();
  for (int64_t i = 0; i < batch; ++i) {
    const SamplePosition at = sampler.at(step * batch + i);
    samples.push_back({{"index", at.index},
                       {"epoch", at.epoch},
                       {"name", parts.train_set->name(at.index)},
                       {"label", parts.train_set->label(at.index)}});
  }
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  write_atomically(
      folder / fmt::format("nan-{}.json", step),
      Json{{"step", step}, {"lr", parts.schedule->lr(step)}, {"samples", samples}}.dump(
          1, ' ', false, Json::error_handler_t::replace) +
          "\n");
}

}  // namespace vit
