// Files are replaced as wholes, and what is no file stays what it is.
#include "vit/core/files.hpp"

#include "vit/core/error.hpp"

#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vit::test {
namespace {

class Files : public testing::Test {
 protected:
  std::string refusal(const fs::path& path) const {
    try {
      write_atomically(path, "x");
    } catch (const DataError& error) {
      return error.what();
    }
    return "none";
  }
  const TempDir dir_;
};

TEST_F(Files, ALinkStaysOneAndItsTargetIsWritten) {
  fs::create_directory(dir_ / "else");
  write_atomically(dir_ / "else" / "target", "old");
  fs::create_symlink("else/target", dir_ / "link");
  write_atomically(dir_ / "link", "new");
  EXPECT_TRUE(fs::is_symlink(dir_ / "link"));
  EXPECT_EQ(read_text(dir_ / "else" / "target"), "new");
}

TEST_F(Files, APipeIsWrittenTo) {
  const fs::path pipe = dir_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  write_atomically(pipe, "through");
  char text[16] = {};
  EXPECT_EQ(read(reader, text, sizeof text), 7);
  EXPECT_STREQ(text, "through");
  close(reader);
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(Files, RefusalsNameTheFileAndARemedy) {
  using testing::AllOf;
  using testing::HasSubstr;
  using testing::Not;
  EXPECT_THAT(refusal(dir_ / "none" / "a.json"),
              AllOf(HasSubstr("none/a.json': No such file"), Not(HasSubstr("tmp-")),
                    HasSubstr("a folder that exists")));
  EXPECT_THAT(refusal(dir_.path()), HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace vit::test
