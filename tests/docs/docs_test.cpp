// What the documents say is what the programs do.
#include "vit/core/files.hpp"
#include "vit/train/catalogues.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

namespace vit {
namespace {

const fs::path kSource = VIT_SOURCE_DIR;

TEST(Reference, IsCurrent) {
  EXPECT_EQ(read_text(kSource / "configs" / "README.md"), configuration_reference())
      << "run: vit-train --reference > configs/README.md";
}

std::set<std::string> all_matches(const std::string& text, const std::string& expression) {
  std::set<std::string> found;
  const std::regex regex(expression);
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it)
    found.insert((*it)[1]);
  return found;
}

// Links to files of the project lead somewhere.
TEST(Links, LeadSomewhere) {
  std::vector<fs::path> files = {"README.md", "src/README.md", "third_party/README.md"};
  for (const auto& entry : fs::directory_iterator(kSource / "docs")) {
    if (entry.path().extension() == ".md") files.push_back("docs" / entry.path().filename());
  }
  for (const fs::path& file : files) {
    const std::string text = read_text(kSource / file);
    for (const std::string& link : all_matches(text, "\\]\\(([^)#:]+)\\)")) {
      EXPECT_TRUE(fs::exists(kSource / file.parent_path() / link)) << file << ": " << link;
    }
  }
}

// `--set KEY=...` in the README names keys that exist.
TEST(Readme, SetsKeysThatExist) {
  const std::string reference = configuration_reference();
  const auto keys = all_matches(read_text(kSource / "README.md"), "--set ([a-z_.]+)=");
  EXPECT_FALSE(keys.empty());
  for (const std::string& key : keys) {
    const std::string last = key.substr(key.rfind('.') + 1);
    EXPECT_NE(reference.find("| `" + last + "` |"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace vit
