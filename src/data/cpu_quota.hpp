// The part of available_cpus() that reads files, apart so that tests can lay them out.
#pragma once

#include <filesystem>
#include <optional>

namespace vit {

// The smallest CPU quota (in CPUs, such as 2.5) that control groups of version 1 or 2 set for the
// process whose /proc/self/cgroup is `membership`; nullopt when there is none.
std::optional<double> cpu_quota(const std::filesystem::path& membership,
                                const std::filesystem::path& mount);

}  // namespace vit
