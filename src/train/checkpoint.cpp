#include "vit/train/checkpoint.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/version.hpp"

#include "checkpoint_files.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

namespace vit {
namespace {

constexpr const char* kTemporary = ".tmp";  // suffix of folders being made
constexpr const char* kDoomed = ".del";     // suffix of folders being removed

bool is_checkpoint_name(const std::string& name) {
  return name.starts_with("step-") && name.size() > 5 &&
         name.find_first_not_of("0123456789", 5) == std::string::npos;
}

void remove_folder(const fs::path& folder) {
  std::error_code ignored;
  const fs::path doomed = folder.string() + kDoomed;
  fs::rename(folder, doomed, ignored);  // a half-removed checkpoint must not look like one
  fs::remove_all(doomed, ignored);
}

// The first line of what is wrong with a checkpoint, or "" when it is whole.
std::string flaw_of(const fs::path& checkpoint) {
  try {
    verify_checkpoint(checkpoint);
    return "";
  } catch (const Error& error) {
    const std::string text = error.what();
    return text.substr(0, text.find('\n'));
  }
}

// Inside a catch block: what went wrong on the disk, in words; anything else as it is.
[[noreturn]] void rethrow_as_checkpoint_error(const std::string& name, const fs::path& folder) {
  const auto text = [&](const std::exception& error) {
    return "could not save checkpoint " + name + ": " + error.what() + "\nolder checkpoints in '" +
           folder.string() + "' are untouched";
  };
  try {
    throw;
  } catch (const Error& error) {
    throw CheckpointError(text(error));
  } catch (const fs::filesystem_error& error) {
    throw CheckpointError(text(error));
  }
}

}  // namespace

std::string checkpoint_name(int64_t step) {
  char text[32];
  std::snprintf(text, sizeof text, "step-%08lld", static_cast<long long>(step));
  return text;
}

CheckpointStore::CheckpointStore(fs::path folder, int64_t keep_last)
    : folder_(std::move(folder)), keep_last_(keep_last) {}

std::string CheckpointStore::save(State& state, const CheckpointText& text, bool best) {
  const std::string name = checkpoint_name(state.progress.step);
  const fs::path target = folder_ / name, making = folder_ / (name + kTemporary);
  try {
    fs::create_directories(folder_);
    if (!fs::exists(target) || !flaw_of(target).empty()) {
      fs::remove_all(making);
      fs::create_directory(making);
      write_checkpoint_files(making, state, text);
      flush_to_disk(making);
      if (fs::exists(target)) remove_folder(target);
      fs::rename(making, target);
      flush_to_disk(folder_);
    }
    replace_link(folder_ / "last", name);
    if (best) replace_link(folder_ / "best", name);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(making, ignored);
    rethrow_as_checkpoint_error(name, folder_);
  }
  prune(name);
  return name;
}

std::vector<fs::path> CheckpointStore::all() const {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    if (is_checkpoint_name(it->path().filename().string())) found.push_back(it->path());
  }
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    const std::string x = a.filename(), y = b.filename();
    return std::pair(x.size(), x) < std::pair(y.size(), y);  // by step, also past eight digits
  });
  return found;
}

void CheckpointStore::remove_leftovers() const {
  std::error_code error, ignored;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    const std::string extension = it->path().extension();
    if (extension.starts_with(kTemporary) || extension == kDoomed)
      fs::remove_all(it->path(), ignored);
  }
}

std::optional<fs::path> CheckpointStore::newest() const {
  std::vector<fs::path> candidates = all();
  std::vector<std::string> flaws;
  for (auto it = candidates.rbegin(); it != candidates.rend(); ++it) {
    const std::string flaw = flaw_of(*it);
    if (flaw.empty()) {
      for (const std::string& text : flaws)
        spdlog::warn("{}; using the checkpoint before it", text);
      return *it;
    }
    flaws.push_back(flaw);
  }
  if (!flaws.empty()) {
    std::string text = "no complete checkpoint in '" + folder_.string() + "'";
    for (const std::string& flaw : flaws) text += "\n" + flaw;
    throw CheckpointError(text);
  }
  return std::nullopt;
}

bool CheckpointStore::holds(int64_t step) const {
  return fs::exists(folder_ / checkpoint_name(step));
}

void CheckpointStore::repair_links(const fs::path& restored, std::optional<int64_t> best_step) {
  replace_link(folder_ / "last", restored.filename());
  if (!best_step) return;
  const std::string best = checkpoint_name(*best_step);
  if (fs::exists(folder_ / best)) replace_link(folder_ / "best", best);
}

void CheckpointStore::prune(const std::string& newest) const {
  std::error_code ignored;
  const std::string best = fs::read_symlink(folder_ / "best", ignored).filename();
  const std::vector<fs::path> found = all();
  const auto count = static_cast<int64_t>(found.size());
  for (int64_t i = 0; i < count - keep_last_; ++i) {
    const std::string name = found[static_cast<size_t>(i)].filename();
    if (name != best && name != newest) remove_folder(found[static_cast<size_t>(i)]);
  }
}

}  // namespace vit
