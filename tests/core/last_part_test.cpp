#include "vit/core/last_part.hpp"

#include <gtest/gtest.h>

namespace vit {
namespace {

TEST(LastPart, IsTheNameOfWhatThePathLeadsTo) {
  EXPECT_EQ(last_part("pets/val"), "val");
  EXPECT_EQ(last_part("pets/val/"), "val");
  EXPECT_EQ(last_part("pets/val/.."), "pets");
  const auto here = std::filesystem::current_path();
  EXPECT_EQ(last_part("."), here.filename().string());
  EXPECT_EQ(last_part(".."), here.parent_path().filename().string());
}

}  // namespace
}  // namespace vit
