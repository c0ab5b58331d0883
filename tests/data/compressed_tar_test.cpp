// Compressed tars: refused for training with the way out, unpacked once by vit-pack.
#include "vit/core/random.hpp"
#include "vit/data/pack.hpp"

#include "data/data_files.hpp"
#include "data/decompress.hpp"
#include "data/tar_files.hpp"
#include "support/temp_dir.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace vit {
namespace {

using test::error_of;
using test::open_source;
using test::png;
using test::tar_end;
using test::tar_member;
using test::TempDir;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// `bytes` as gzip, zstd, xz or bzip2 would write them.
void write_compressed(const fs::path& path, const std::string& kind, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  archive* writer = archive_write_new();
  ASSERT_EQ(archive_write_add_filter_by_name(writer, kind.c_str()), ARCHIVE_OK);
  archive_write_set_format_raw(writer);
  ASSERT_EQ(archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, bytes.data(), bytes.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
}

std::string samples(int first, int count) {
  std::string tar;
  for (int i = first; i < first + count; ++i) {
    tar += tar_member(std::to_string(i) + ".png", png(4, 4, static_cast<uint8_t>(i)));
    tar += tar_member(std::to_string(i) + ".cls", i % 2 == 0 ? "cat" : "dog");
  }
  return tar + tar_end();
}

class CompressedTars : public ::testing::Test {
 protected:
  void SetUp() override {
    write_compressed(dir_ / "in/train-0.tar.gz", "gzip", samples(0, 3));
    write_compressed(dir_ / "in/train-1.tar.zst", "zstd", samples(3, 3));
    write_compressed(dir_ / "in/val/0.tar.xz", "xz", samples(10, 1));
    write_compressed(dir_ / "in/test.tar.bz2", "bzip2", samples(20, 2));
    write_file(dir_ / "in/train-2.tar", samples(6, 2));
  }
  PackRequest request(const fs::path& root) const {
    PackRequest request;
    request.config.data = test::data_section("{name: tar, root: '" + root.string() + "'}");
    request.out = dir_ / "out";
    request.threads = 1;
    return request;
  }

  TempDir dir_;
};

TEST_F(CompressedTars, ArePacked) {
  EXPECT_EQ(recognise_data(dir_ / "in"), "tar");
  EXPECT_EQ(pack(request(dir_ / "in")).examples, 3 + 3 + 2 + 1 + 2);
  EXPECT_FALSE(fs::exists(dir_ / "out/.unpacked"));
  const auto source = open_source("records", dir_ / "out");
  EXPECT_THAT(source->info().classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(source->splits(), ElementsAre("train", "val", "test"));
  const auto train = source->open("train");
  ASSERT_EQ(train->size(), 8);
  for (int64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(train->image(i).pixels[0], i);
    EXPECT_EQ(train->label(i), i % 2);
  }
  EXPECT_EQ(train->name(4), "train-1.tar/4.png");
  EXPECT_EQ(source->open("val")->name(0), "val/0.tar/10.png");
  PackRequest one = request(dir_ / "in/train-0.tar.gz");
  one.out = dir_ / "one";
  EXPECT_EQ(recognise_data(dir_ / "in/train-0.tar.gz"), "tar");
  EXPECT_EQ(pack(one).examples, 3);
  EXPECT_EQ(open_source("records", one.out)->open("train")->name(2), "train-0.tar/2.png");
}

TEST_F(CompressedTars, AreRefusedForTrainingWithTheWayOut) {
  const std::string root = (dir_ / "in").string();
  EXPECT_THAT(error_of([&] { open_source("tar", root); }),
              AllOf(HasSubstr("in/test.tar.bz2' is compressed (bzip2)"),
                    HasSubstr("vit-pack '" + root + "' --out"), HasSubstr("bzip2 -dk")));
  // The plain copy beside a compressed tar is it.
  TempDir both;
  write_compressed(both / "x.tar.gz", "gzip", samples(0, 3));
  write_file(both / "x.tar", samples(0, 3));
  EXPECT_EQ(open_source("tar", both.path())->open("train")->size(), 3);
}

TEST_F(CompressedTars, AreUnpackedOnceForAnInterruptedPacking) {
  static int asked = 0;
  asked = 0;
  EXPECT_THAT(error_of<Error>([&] {
                pack(request(dir_ / "in"),
                     [] { return ++asked > 5 ? ExitCode::kStopped : ExitCode::kDone; });
              }),
              HasSubstr("stopped after"));
  EXPECT_TRUE(fs::exists(dir_ / "out/.unpacked"));
  const auto time = [&] {
    for (const auto& entry : fs::recursive_directory_iterator(dir_ / "out/.unpacked")) {
      if (entry.path().filename() == "train-0.tar") return fs::last_write_time(entry.path());
    }
    return fs::file_time_type();
  };
  const auto before = time();
  asked = 100;  // stops again, before anything is packed
  EXPECT_THAT(
      error_of<Error>([&] { pack(request(dir_ / "in"), [] { return ExitCode::kStopped; }); }),
      HasSubstr("stopped after"));
  EXPECT_EQ(time(), before);
  write_compressed(dir_ / "in/train-0.tar.gz", "gzip", samples(0, 5));  // others by now
  EXPECT_EQ(pack(request(dir_ / "in")).examples, 13);
  EXPECT_FALSE(fs::exists(dir_ / "out/.unpacked"));
}

TEST_F(CompressedTars, AreUnpackedWhole) {
  const std::string bytes = samples(0, 30);
  for (const std::string kind : {"gzip", "zstd", "xz", "bzip2"}) {
    write_compressed(dir_ / "x", kind, bytes);
    detail::decompress(dir_ / "x", dir_ / "y", nullptr);
    EXPECT_EQ(read_text(dir_ / "y"), bytes) << kind;
    fs::remove(dir_ / "y");
    const std::string whole = read_text(dir_ / "x");
    write_file(dir_ / "x", whole.substr(0, whole.size() * 2 / 3));
    EXPECT_THAT(error_of([&] { detail::decompress(dir_ / "x", dir_ / "y", nullptr); }),
                HasSubstr("x' cannot be unpacked"))
        << kind;
    EXPECT_FALSE(fs::exists(dir_ / "y"));
    EXPECT_FALSE(fs::exists(dir_ / "y.part"));
    const char* wish = std::getenv("VIT_FUZZ_ROUNDS");
    const uint64_t rounds = wish != nullptr ? std::strtoull(wish, nullptr, 10) : 20;
    for (uint64_t round = 0; round < rounds; ++round) {
      Random random = Random(6).at(round);
      std::string damaged = whole;
      for (int i = 0; i < 3; ++i) {
        damaged[static_cast<size_t>(random.below(std::ssize(damaged)))] =
            static_cast<char>(random.below(256));
      }
      write_file(dir_ / "x", damaged);
      try {
        detail::decompress(dir_ / "x", dir_ / "y", nullptr);
      } catch (const DataError&) {
      }
      fs::remove(dir_ / "y");
    }
  }
  // 200 MB of zeros in a few bytes.
  write_compressed(dir_ / "x", "zstd", std::string(200'000'000, '\0'));
  EXPECT_THAT(error_of([&] { detail::decompress(dir_ / "x", dir_ / "y", nullptr); }),
              HasSubstr("more than 100 times its size"));
  EXPECT_FALSE(fs::exists(dir_ / "y.part"));
}

}  // namespace
}  // namespace vit
