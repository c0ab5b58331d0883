// What this build is. The values come from one generated source file, so that a commit does not rebuild the world.
#pragma once

#include <string>

#define VIT_VERSION "0.1.0"

namespace vit {

struct BuildInfo {
  std::string version;       // VIT_VERSION
  std::string git_revision;  // short hash, "+" appended for uncommitted changes, "unknown" outside a checkout
  std::string build_type;    // Release, Debug, ...
  bool cuda_kernels = false; // our own .cu kernels are linked in
};
const BuildInfo& build_info();

}  // namespace vit
