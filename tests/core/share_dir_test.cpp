#include "vit/core/version.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace vit {
namespace {

TEST(ShareDir, IsTheSourceTreeForAProgramInItsBuildFolder) {
  unsetenv("VIT_SHARE");
  EXPECT_EQ(share_dir(), std::filesystem::path(VIT_SOURCE_DIR));
  EXPECT_TRUE(std::filesystem::is_directory(share_dir() / "configs"));
}

TEST(ShareDir, TheEnvironmentWins) {
  const test::TempDir folder;
  setenv("VIT_SHARE", folder.path().c_str(), 1);
  EXPECT_EQ(share_dir(), folder.path());
  unsetenv("VIT_SHARE");
}

TEST(BuildInfo, IsFilledIn) {
  EXPECT_EQ(build_info().version, VIT_VERSION);
  EXPECT_FALSE(build_info().build_type.empty());
  EXPECT_FALSE(build_info().git_revision.empty());
}

}  // namespace
}  // namespace vit
