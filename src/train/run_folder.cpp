#include "run_folder.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <optional>
#include <vector>

namespace vit {
namespace {

constexpr const char* kLock = ".lock";
// What runs write, in the order it is removed: what is left of a run while config.yaml is there is
// still one, and can be cleared again.
constexpr const char* kOurs[] = {"summary.json",  "checkpoints", "meta.json",  "train.log",
                                 "metrics.jsonl", "tb",          "eval",       "samples",
                                 "events",        "report.html", "config.yaml"};

// What lies in a folder, without the lock; nothing when it is no folder or cannot be listed.
std::optional<std::vector<std::string>> names_in(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (name != kLock && name.find(".tmp-") == std::string::npos) names.push_back(name);
  }
  if (error) return std::nullopt;
  return names;
}

constexpr const char* kRemedy =
    "\nchoose another folder: --run-dir of a run, --out of a sweep or a suite";

}  // namespace

fs::path runs_root() {
  const char* root = std::getenv("VIT_RUNS_ROOT");
  return root != nullptr && *root != '\0' ? root : "runs";
}

RunFolder::RunFolder(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error)
    throw DataError("cannot make the run folder '" + path_.string() + "': " + error.message() +
                    kRemedy);
  lock_ = open((path_ / kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0)
    throw DataError("cannot write in the run folder '" + path_.string() +
                    "': " + std::strerror(errno) + kRemedy);
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    close(lock_);
    if (error != EWOULDBLOCK)
      throw DataError("cannot lock the run folder '" + path_.string() +
                      "': " + std::strerror(error));
    throw Error(
        ExitCode::kExternal,
        "another process is training in '" + path_.string() +
            "'\nwait for it to end, or choose another --run-dir (--out of a sweep or a suite)");
  }
}

RunFolder::~RunFolder() { close(lock_); }

void RunFolder::clear() const {
  for (const char* name : kOurs) {
    std::error_code error;
    fs::remove_all(path_ / name, error);
    if (error)
      throw DataError("cannot remove '" + (path_ / name).string() + "': " + error.message());
  }
}

fs::path claim_run_dir(const std::string& model, const std::string& data) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%d-%H%M", &local);
  const fs::path base = runs_root() / (std::string(time) + "_" + model + "_" + data);
  std::error_code error;
  fs::create_directories(base.parent_path(), error);
  for (int n = 1; n < 1000 && !error; ++n) {
    const fs::path path = n == 1 ? base : fs::path(base.string() + "-" + std::to_string(n));
    if (fs::create_directory(path, error)) return path;  // false: somebody else has it
  }
  throw DataError("cannot make the run folder '" + base.string() + "': " + error.message() +
                  kRemedy);
}

void point_latest_at(const fs::path& run_dir) {
  const fs::path full = fs::absolute(run_dir).lexically_normal();
  const fs::path latest = full.parent_path() / "latest";
  if (full.parent_path() != fs::absolute(runs_root()).lexically_normal() || full == latest) return;
  try {
    if (fs::exists(fs::symlink_status(latest)) && !fs::is_symlink(latest))
      return;  // somebody's own
    replace_link(latest, full.filename());
  } catch (const std::exception& error) {
    spdlog::warn("runs/latest still points elsewhere: {}", error.what());
  }
}

bool is_free(const fs::path& path) {
  std::error_code error;
  return !fs::exists(path, error) || names_in(path) == std::vector<std::string>{};
}

bool is_in_use(const fs::path& path) {
  const int lock = open((path / kLock).c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0) return false;
  const bool in_use = flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(lock);
  return in_use;
}

bool holds_only_a_run(const fs::path& path) {
  const auto names = names_in(path);
  return names && std::all_of(names->begin(), names->end(), [](const std::string& name) {
           return std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs);
         });
}

}  // namespace vit
