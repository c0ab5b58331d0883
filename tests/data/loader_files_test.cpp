// The loader on real files: memory stays flat, and files may vanish or change while a run goes on.
#include "vit/data/loader.hpp"

#include "data/data_files.hpp"
#include "data/picture_goldens.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace vit {
namespace {

int64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return 0;
}

// No more memory after many batches than after some. An ordinary run looks at 1,000 batches;
// VIT_MEMORY_BATCHES=10000 asks for more. Photographs of several sizes, augmented, in small batches
// by several threads.
TEST(LoaderFiles, TakeNoMoreMemoryTheLongerItRuns) {
  test::TempDir dir;
  int count = 0;
  for (const auto& entry : fs::directory_iterator(test::golden_dir() / "images/src")) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("ILSVRC") && !name.ends_with(".webp") && !name.starts_with("sub4"))
      continue;
    test::write_file(dir / (++count % 2 == 0 ? "a" : "b") / name, read_text(entry.path()));
  }
  ASSERT_GE(count, 12);
  const auto set = test::open_source("folder", dir.path())->open("train");
  const Pipeline pipeline({TransformSection("random_resized_crop"), TransformSection("flip")},
                          InputConfig{}, square(32), {.reduced = true});
  LoaderOptions options;
  options.batch = 4;
  options.threads = 3;
  options.prefetch = 4;
  options.image = square(32);
  Loader loader(*set, pipeline, Sampler(set->size(), Random(1), Sampler::Order::kShuffled),
                Random(2), options, 0, -1);

  const char* wish = std::getenv("VIT_MEMORY_BATCHES");
  const int64_t batches = wish != nullptr ? std::atoll(wish) : 1000, early = batches / 10;
  int64_t before = 0;
  for (int64_t i = 1; i <= batches; ++i) {
    ASSERT_EQ(loader.next().size, options.batch);
    if (i == early) before = resident_kib();
  }
  const int64_t after = resident_kib();
  std::printf("  resident after %ld batches %ld KiB, after %ld batches %ld KiB\n",
              static_cast<long>(early), static_cast<long>(before), static_cast<long>(batches),
              static_cast<long>(after));
  ASSERT_GT(before, 0);
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed
  EXPECT_LT(after - before, 8 << 10) << "a page a batch would be 4 MiB per 1,000";
#endif
}

// Four pictures in order, again and again; one worker, so that little is made ahead.
class ChangingFiles : public ::testing::Test {
 protected:
  ChangingFiles() {
    for (const char* name : {"a", "b", "c", "d"}) test::write_file(path(name), test::png(9, 9, 50));
    set_ = test::open_source("folder", dir_.path())->open("train");
  }
  fs::path path(const std::string& name) const { return dir_ / "train/x" / (name + ".png"); }
  Loader loader(OnError on_error) const {
    LoaderOptions options;
    options.batch = 4;
    options.prefetch = 1;
    options.image = square(8);
    options.on_error = on_error;
    return Loader(*set_, pipeline_, Sampler(4, Random(3), Sampler::Order::kSequential), Random(4),
                  options, 0, 400);
  }
  // One is gone, one cut short, one another picture of another size.
  void change() const {
    fs::remove(path("a"));
    fs::resize_file(path("c"), 40);
    test::write_file(path("d"), test::png(30, 20, 70));
  }

  test::TempDir dir_;
  std::unique_ptr<Dataset> set_;
  const Pipeline pipeline_{{}, InputConfig{}, square(8)};
};

TEST_F(ChangingFiles, AreReplacedAndNamedOrTakenAsTheyAre) {
  Loader batches = loader(OnError::kSkip);
  EXPECT_TRUE(batches.next().replaced.empty());
  change();
  batches.next();  // may have been made before
  const HostBatch batch = batches.next();
  EXPECT_THAT(batch.replaced, ::testing::ElementsAre(0, 2));
  EXPECT_EQ(batch.images[1 * 3 * 64], 50);
  EXPECT_EQ(batch.images[3 * 3 * 64], 70);
  // In the order in which the threads came to them.
  EXPECT_THAT(batches.skipped_names(),
              ::testing::UnorderedElementsAre(::testing::HasSubstr("train/x/a.png"),
                                              ::testing::HasSubstr("train/x/c.png")));
}

TEST_F(ChangingFiles, EndTheRunByName) {
  Loader batches = loader(OnError::kFail);
  EXPECT_EQ(batches.next().size, 4);
  change();
  const auto next_two = [&] { batches.next(), batches.next(); };
  EXPECT_THAT(test::error_of(next_two), ::testing::ContainsRegex("train/x/[ac]\\.png"));
  test::write_file(path("a"), test::png(9, 9, 50));
  EXPECT_THAT(test::error_of(next_two), ::testing::HasSubstr("train/x/"));
}

}  // namespace
}  // namespace vit
