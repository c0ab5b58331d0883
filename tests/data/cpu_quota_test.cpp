// How many CPUs this process may use.
#include "data/cpu_quota.hpp"

#include "vit/data/loader.hpp"

#include "data/data_files.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

namespace vit {
namespace {

TEST(AvailableCpus, IsAtLeastOne) { EXPECT_GE(available_cpus(), 1); }

TEST(AvailableCpus, ReadsControlGroups) {
  test::TempDir dir;
  const auto quota = [&](const std::string& membership) {
    test::write_file(dir / "cgroup", membership);
    return cpu_quota(dir / "cgroup", dir / "sys");
  };
  EXPECT_EQ(quota("0::/job/step\n"), std::nullopt);
  test::write_file(dir / "sys/cpu.max", "max 100000\n");
  EXPECT_EQ(quota("0::/job/step\n"), std::nullopt);
  test::write_file(dir / "sys/job/cpu.max", "250000 100000\n");
  EXPECT_EQ(quota("0::/job/step\n"), 2.5);
  test::write_file(dir / "sys/job/step/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota("0::/job/step\n"), 2.5);  // the tightest on the way up
  test::write_file(dir / "sys/cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
  test::write_file(dir / "sys/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota("5:memory:/other\n4:cpu,cpuacct:/job\n"), 1.5);
  test::write_file(dir / "sys/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(quota("4:cpu,cpuacct:/job\n"), std::nullopt);
}

}  // namespace
}  // namespace vit
