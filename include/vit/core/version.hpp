// What this build is, and where its shipped files are. The values come from one generated source
// file, so that a commit does not rebuild the world.
#pragma once

#include <filesystem>
#include <string>

#define VIT_VERSION "0.1.0"

namespace vit {

struct BuildInfo {
  std::string version;        // VIT_VERSION
  std::string git_revision;   // short hash, "+" appended for uncommitted changes, "unknown" outside
                              // a checkout
  std::string build_type;     // Release, Debug, ...
  bool cuda_kernels = false;  // our own .cu kernels are linked in
  std::string source_dir;     // the source tree it was built from
};
const BuildInfo& build_info();

// The folder that holds configs/: what VIT_SHARE names; else share/vit beside the bin/ of an
// installed program; else the source tree, for a program in its build folder. Looked up at every
// call; the folder need not exist.
std::filesystem::path share_dir();

}  // namespace vit
