#include "runs.hpp"

#include "vit/core/error.hpp"
#include "vit/core/last_part.hpp"
#include "vit/core/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace vit {
namespace {

struct Found {
  fs::path folder;     // as asked for
  fs::path canonical;  // the same for all paths to it
  std::string name;
};

// Every run below a folder, in the order of their paths.
void collect_runs(const fs::path& folder, std::vector<fs::path>& found) {
  if (is_run(folder)) {
    found.push_back(folder);
    return;
  }
  std::vector<fs::path> inside;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && !entry.is_symlink()) inside.push_back(entry.path());
  std::sort(inside.begin(), inside.end());
  for (const fs::path& each : inside) collect_runs(each, found);
}

// The runs of the request in its order; a folder of runs stands for all in it.
std::vector<Found> find_runs(const std::vector<fs::path>& given) {
  std::vector<Found> all;
  std::set<fs::path> known;  // of a link and what it points to, one
  for (const fs::path& path : given) {
    std::vector<fs::path> found;
    if (fs::is_directory(path)) collect_runs(path, found);
    if (found.empty()) {
      throw DataError("there is no run in '" + path.string() +
                      "'\na run folder has config.yaml and metrics.jsonl; vit-train writes them");
    }
    for (const fs::path& folder : found) {
      const fs::path canonical = fs::weakly_canonical(folder);
      if (!known.insert(canonical).second) continue;
      all.push_back({folder, canonical,
                     folder == path ? last_part(canonical) : fs::relative(folder, path).string()});
    }
  }
  return all;
}

// The last `count` parts of `path`.
std::string end_of(const fs::path& path, std::ptrdiff_t count) {
  fs::path end;
  const auto parts = std::distance(path.begin(), path.end());
  for (auto part = std::next(path.begin(), std::max<std::ptrdiff_t>(0, parts - count));
       part != path.end(); ++part)
    end /= *part;
  return end.string();
}

// Puts the folder above in front of equal names until they differ, as whole paths do.
void tell_apart(std::vector<Found>& runs) {
  for (bool is_done = false; !is_done;) {
    std::map<std::string, int> uses;
    for (const Found& run : runs) ++uses[run.name];
    is_done = true;
    for (Found& run : runs) {
      if (uses[run.name] == 1) continue;
      const fs::path name = run.name;
      run.name = end_of(run.canonical, std::distance(name.begin(), name.end()) + 1);
      is_done = false;
    }
  }
}

// Later lines are indented under the first.
std::string indented(std::string text) {
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    text.insert(at + 1, "  ");
  return text;
}

}  // namespace

RunsOfReport read_runs(const std::vector<fs::path>& given) {
  std::vector<Found> found = find_runs(given);
  tell_apart(found);
  RunsOfReport runs;
  std::exception_ptr first_error;
  for (const Found& each : found) {
    try {
      runs.readable.push_back(read_run(each.folder, each.name));
    } catch (const Error& error) {
      if (!first_error) first_error = std::current_exception();
      runs.broken.push_back({each.name, error.what()});
    }
  }
  if (runs.readable.empty() && first_error) std::rethrow_exception(first_error);
  for (const BrokenRun& run : runs.broken)
    spdlog::warn("run '{}' is left out: {}", printable(run.name), indented(run.reason));
  return runs;
}

}  // namespace vit
