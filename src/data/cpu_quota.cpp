#include "cpu_quota.hpp"

#include "vit/data/loader.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

namespace vit {
namespace {

namespace fs = std::filesystem;

// Version 2: "max 100000" or "200000 100000", quota and period in microseconds.
std::optional<double> quota_v2(const fs::path& group) {
  double quota = 0, period = 0;
  std::ifstream file(group / "cpu.max");
  if (!(file >> quota >> period) || period <= 0) return std::nullopt;  // "max" is no number
  return quota / period;
}

// Version 1: the same in two files, -1 for none.
std::optional<double> quota_v1(const fs::path& group) {
  double quota = 0, period = 0;
  std::ifstream quota_file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
  if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0)
    return std::nullopt;
  return quota / period;
}

// Whether the comma-separated controllers of a line of /proc/self/cgroup include `cpu`.
bool controls_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& membership, const fs::path& mount) {
  std::optional<double> smallest;
  const auto consider = [&](std::optional<double> quota) {
    if (quota && (!smallest || *quota < *smallest)) smallest = quota;
  };
  std::ifstream lines(membership);
  for (std::string line; std::getline(lines, line);) {  // number:controllers:/path
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool version_2 = controllers.empty();
    if (!version_2 && !controls_cpu(controllers)) continue;
    const fs::path top = version_2                         ? mount
                         : fs::exists(mount / controllers) ? mount / controllers
                                                           : mount / "cpu";
    // Every group on the way up limits. Inside a container the path may be the host's and not
    // exist; the top is then ours.
    fs::path group = fs::path(line.substr(second + 1)).relative_path();
    while (true) {
      consider(version_2 ? quota_v2(top / group) : quota_v1(top / group));
      if (group.empty()) break;
      group = group.parent_path();
    }
  }
  return smallest;
}

int64_t available_cpus() {
  int64_t cpus = std::max(1u, std::thread::hardware_concurrency());
  // The mask may need more than the 1024 bits of a cpu_set_t.
  for (int size = 1024; size <= 1 << 18; size *= 4) {
    cpu_set_t* mask = CPU_ALLOC(size);
    const size_t bytes = CPU_ALLOC_SIZE(size);
    const bool known = sched_getaffinity(0, bytes, mask) == 0;
    if (known) cpus = std::max(1, CPU_COUNT_S(bytes, mask));
    CPU_FREE(mask);
    if (known) break;
  }
  const std::optional<double> quota = cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");
  if (quota) cpus = std::min(cpus, static_cast<int64_t>(std::ceil(*quota)));
  return std::max<int64_t>(cpus, 1);
}

}  // namespace vit
