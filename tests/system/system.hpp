// What the tests of the whole programs share: tiny runs, and looking at what they left behind.
#pragma once

#include "data/data_files.hpp"
#include "support/run_program.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace vit::test {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

inline Words operator+(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// {"--set", "a=1", "--set", "b=2"}.
inline Words sets(const Words& assignments) {
  Words result;
  for (const std::string& assignment : assignments) result = result + Words{"--set", assignment};
  return result;
}

// A quick run without decorations: no TensorBoard, no sample picture.
inline Words smoke(const fs::path& run_dir, const Words& assignments = {}) {
  return Words{"--config", "smoke", "--run-dir", run_dir.string()} +
         sets(Words{"log.tensorboard=false", "log.samples=false"} + assignments);
}

inline std::vector<Json> json_lines(const fs::path& path) {
  std::vector<Json> lines;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);) {
    lines.push_back(Json::parse(line, nullptr, /*allow_exceptions=*/false));
  }
  return lines;
}

inline Json json_file(const fs::path& path) {
  return Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
}

// Every path below `folder` with its size and checksum (links: their target), to compare before and
// after.
inline std::map<std::string, std::string> snapshot(const fs::path& folder) {
  std::map<std::string, std::string> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name =
        fs::relative(entry.path().parent_path(), folder) / entry.path().filename();
    if (entry.is_symlink()) {
      found[name] = "-> " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_directory()) {
      found[name] = "folder";
    } else {
      const std::string content = read_file(entry.path());
      found[name] = std::to_string(content.size()) + " bytes, " + checksum(content);
    }
  }
  return found;
}

inline Words names_in(const fs::path& folder) {
  Words names;
  if (!fs::is_directory(folder)) return names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// The checksum of one file of a checkpoint, as its manifest states it.
inline std::string checksum_in(const fs::path& checkpoint, const std::string& file) {
  const Json manifest = json_file(checkpoint / "manifest.json");
  if (!manifest.is_object() || !manifest.contains("files") || !manifest["files"].contains(file))
    return "none";
  return manifest["files"][file].value("xxh3", "none");
}

inline std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

inline std::string last_line(const std::string& text) {
  const size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const size_t start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1,
                     end - (start == std::string::npos ? 0 : start + 1) + 1);
}

// Every test gets a folder of its own and runs the programs in it.
class SystemTest : public testing::Test {
 protected:
  Outcome call(const std::string& program, const Words& arguments,
               const std::map<std::string, std::string>& environment = {}) const {
    return run({program, arguments, dir_.path(), environment});
  }
  Command command(const std::string& program, const Words& arguments) const {
    return {program, arguments, dir_.path(), {}};
  }

  // Classes "cat" and "dog" of tiny pictures: pets/<class>/<n>.png, or
  // pets/<split>/<class>/<n>.png.
  fs::path write_pets(int per_class = 6, const Words& splits = {""}) const {
    for (const std::string& split : splits) {
      for (int i = 0; i < per_class; ++i) {
        const fs::path place = dir_ / "pets" / split;
        const auto shade = static_cast<uint8_t>(20 * i);
        write_file(place / "cat" / (std::to_string(i) + ".png"), png(18 + i, 20, 200, shade));
        write_file(place / "dog" / (std::to_string(i) + ".png"), png(20, 18 + i, shade, 200));
      }
    }
    return dir_ / "pets";
  }

  const TempDir dir_;
};

}  // namespace vit::test
