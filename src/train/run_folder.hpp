// The folder of one run: claimed by one process at a time, never written over by accident.
#pragma once

#include <filesystem>
#include <string>

namespace vit {

class RunFolder {
 public:
  // Makes the folder if need be and locks it. Throws DataError when it cannot be written,
  // Error(kExternal) when another process trains in it.
  explicit RunFolder(std::filesystem::path path);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  // Removes what runs write (checkpoints, logs, metrics, ...) and leaves other files alone.
  void clear() const;

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

// Where runs without --run-dir go: runs, or what VIT_RUNS_ROOT names.
std::filesystem::path runs_root();

// Makes a new folder runs/<time>_<model>_<data>, below VIT_RUNS_ROOT when that is set; a number is
// appended if the name is taken. Throws DataError.
std::filesystem::path claim_run_dir(const std::string& model, const std::string& data);

// runs/latest -> this folder, for folders in runs/. Only a warning when that fails.
void point_latest_at(const std::filesystem::path& run_dir);

// True when the folder does not exist or holds nothing.
bool is_free(const std::filesystem::path& path);

// True when everything in the folder is what runs write.
bool holds_only_a_run(const std::filesystem::path& path);

// True while a process has the folder as its RunFolder. Changes nothing.
bool is_in_use(const std::filesystem::path& path);

}  // namespace vit
