#include "stored_config.hpp"

#include "vit/core/files.hpp"

namespace vit {

config::Document stored_document(const fs::path& folder) {
  const fs::path file = folder / "config.yaml";
  return config::Document::from_text(read_text(file), file.string(), folder);
}

std::vector<config::Difference> changes_since(const fs::path& run, const RunConfig& config) {
  std::vector<config::Difference> changes =
      config::diff(read_run_config(stored_document(run)), config);
  std::erase_if(changes, [](const config::Difference& change) { return change.resumable; });
  return changes;
}

}  // namespace vit
