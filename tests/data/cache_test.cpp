// Caches change nothing but where pictures come from.
#include "vit/core/random.hpp"
#include "vit/data/loader.hpp"

#include "data/cache/picture_folder.hpp"
#include "data/data_files.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <sstream>

namespace vit {
namespace {

using test::data_section;
using test::error_of;
using test::png;
using test::TempDir;
using test::write_file;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Use = PictureCache::Use;

// Counts how often pictures are read.
class Counted final : public Dataset {
 public:
  Counted(std::unique_ptr<Dataset> set, std::atomic<int>& reads)
      : set_(std::move(set)), reads_(reads) {}
  int64_t size() const override { return set_->size(); }
  int64_t label(int64_t index) const override { return set_->label(index); }
  std::string name(int64_t index) const override { return set_->name(index); }
  std::string place(int64_t index) const override { return set_->place(index); }
  std::string version(int64_t index) const override { return set_->version(index); }
  Picture picture(int64_t index) const override { return ++reads_, set_->picture(index); }

 private:
  std::unique_ptr<Dataset> set_;
  std::atomic<int>& reads_;
};

// What is logged while it lives.
class Log {
 public:
  Log() : before_(spdlog::default_logger()) {
    const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
  }
  ~Log() { spdlog::set_default_logger(before_); }
  std::string text() const { return text_.str(); }
  // Lines with this word.
  int count(const std::string& word) const {
    int lines = 0;
    std::istringstream text(text_.str());
    for (std::string line; std::getline(text, line);) lines += line.find(word) != line.npos;
    return lines;
  }

 private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

class CacheTest : public ::testing::Test {
 protected:
  static constexpr int kPictures = 23;

  void SetUp() override {
    for (int i = 0; i < kPictures; ++i) {
      Random noise(static_cast<uint64_t>(i));
      Image image(30 + i, 40, 3);
      for (uint8_t& byte : image.pixels) byte = static_cast<uint8_t>(noise.below(32) + 7 * i);
      write_file(picture(i), encode_jpeg(image, 95));
    }
  }
  fs::path picture(int i) const {
    return dir_ / "in/train/cat" / (std::to_string(100 + i) + ".jpg");
  }

  DataSection section(const std::string& cache) const {
    return data_section("{name: folder, root: '" + (dir_ / "in").string() + "', cache: " + cache +
                        "}");
  }
  std::string disk(const std::string& more = "") const {
    return "{name: disk, folder: '" + (dir_ / "kept").string() + "'" + more + "}";
  }
  std::unique_ptr<Dataset> open(const std::string& cache, Use use = Use::kTraining) {
    const DataSection data = section(cache);
    auto set = std::make_unique<Counted>(data.build()->open("train"), reads_);
    return data.common().cache.build(data.common().exif_orientation)->over(std::move(set), use);
  }
  static std::vector<std::string> all_bytes(const Dataset& set) {
    std::vector<std::string> all;
    for (int64_t i = 0; i < set.size(); ++i) all.emplace_back(set.picture(i).bytes);
    return all;
  }
  std::vector<fs::path> kept_files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(dir_ / "kept")) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    return files;
  }
  // Two epochs and a bit, through the loader.
  static std::vector<std::vector<uint8_t>> batches(const Dataset& set, int64_t threads) {
    const Pipeline pipeline({TransformSection("random_resized_crop"), TransformSection("flip")},
                            InputConfig{}, square(16));
    LoaderOptions options;
    options.batch = 8;
    options.threads = threads;
    options.image = square(16);
    Loader loader(set, pipeline, Sampler(set.strata(), Random(3), {}), Random(4), options, 0, 60);
    std::vector<std::vector<uint8_t>> all;
    for (HostBatch batch = loader.next(); batch.size > 0; batch = loader.next()) {
      all.emplace_back(batch.images, batch.images + batch.size * 3 * 256);
    }
    return all;
  }

  TempDir dir_;
  std::atomic<int> reads_ = 0;
};

TEST_F(CacheTest, ReadsEachPictureOnce) {
  const auto plain = all_bytes(*open("none"));
  for (const std::string& cache : {std::string("ram"), disk()}) {
    const auto set = open(cache);
    reads_ = 0;
    EXPECT_EQ(all_bytes(*set), plain);
    EXPECT_EQ(reads_, kPictures);
    EXPECT_EQ(all_bytes(*set), plain);
    EXPECT_EQ(reads_, kPictures) << cache;
    EXPECT_EQ(set->label(3), 0);
    EXPECT_EQ(set->name(3), "train/cat/103.jpg");
    EXPECT_EQ(set->picture(3).name, picture(3).string());
  }
  reads_ = 0;
  EXPECT_EQ(all_bytes(*open(disk())), plain);  // the next run
  EXPECT_EQ(reads_, 0);
  all_bytes(*open("none"));
  EXPECT_EQ(reads_, kPictures);
}

TEST_F(CacheTest, ChangesNoBatchWhateverFitsAndHoweverManyThreads) {
  const std::string small = ", limit: 20 kB";
  const auto expected = batches(*open("none"), 0);
  for (const int64_t threads : {1, 2, 7}) {
    for (const std::string& cache :
         {std::string("ram"), "{name: ram" + small + "}", disk(), disk(small)}) {
      EXPECT_EQ(batches(*open(cache), threads), expected) << cache << threads;
      fs::remove_all(dir_ / "kept");
    }
  }
  // Smaller pictures do, but all of them, whether they fit or not.
  for (const std::string keep : {", keep: jpeg, shorter: 20", ", keep: raw, shorter: 20"}) {
    const auto smaller = batches(*open("{name: ram" + keep + "}"), 0);
    EXPECT_NE(smaller, expected);
    for (const int64_t threads : {1, 7}) {
      for (const std::string& cache :
           {"{name: ram" + keep + small + "}", disk(keep), disk(keep), disk(keep + small)}) {
        EXPECT_EQ(batches(*open(cache), threads), smaller) << cache << threads;
      }
      fs::remove_all(dir_ / "kept");
    }
  }
}

TEST_F(CacheTest, MakesPicturesSmallerForTrainingOnly) {
  const auto jpeg = open("{name: ram, keep: jpeg, shorter: 20}");
  EXPECT_TRUE(jpeg->picture(10).is_encoded());
  EXPECT_EQ(jpeg->image(10).extent(), (Extent{20, 20}));
  const auto raw = open(disk(", keep: raw, shorter: 20"));
  for (int time = 0; time < 2; ++time) {
    EXPECT_FALSE(raw->picture(0).is_encoded());
    EXPECT_EQ(raw->image(0).extent(), (Extent{20, 26}));
  }
  const auto plain = open("none");
  EXPECT_EQ(plain->picture(0).bytes,
            open("{name: ram, keep: raw, shorter: 20}", Use::kEvaluation)->picture(0).bytes);
  EXPECT_EQ(plain->picture(0).bytes,
            open(disk(", keep: raw, shorter: 20"), Use::kEvaluation)->picture(0).bytes);
}

TEST_F(CacheTest, StopsAtTheLimitAndSaysSoOnce) {
  for (const std::string& cache :
       {std::string("{name: ram, limit: 20 kB}"), disk(", limit: 20 kB")}) {
    const Log log;
    {
      const auto set = open(cache);
      reads_ = 0;
      all_bytes(*set);
      all_bytes(*set);
    }
    EXPECT_GT(reads_, kPictures);
    EXPECT_LT(reads_, 2 * kPictures);
    EXPECT_EQ(log.count("data.cache"), 1) << log.text();
    EXPECT_THAT(log.text(), AllOf(HasSubstr(" of 23 pictures are kept"),
                                  HasSubstr("data.cache.limit (19.5 KiB) is reached")));
  }
  int64_t bytes = 0;
  for (const fs::path& file : kept_files()) bytes += static_cast<int64_t>(fs::file_size(file));
  EXPECT_GT(bytes, 10'000);
  EXPECT_LE(bytes, 20'000);
}

TEST_F(CacheTest, SaysWhatItKeptOnce) {
  for (const std::string& cache : {std::string("ram"), disk(), disk()}) {
    const Log log;
    {
      const auto set = open(cache);
      for (int time = 0; time < 3; ++time) all_bytes(*set);
    }
    EXPECT_EQ(log.count("data.cache: 23 of 23 pictures are kept in"), 1) << log.text();
    EXPECT_EQ(log.count("data.cache"), 1);
  }
}

TEST_F(CacheTest, SeesThatAPictureChanged) {
  const auto before = all_bytes(*open(disk()));
  const std::string other = png(9, 9, 200);
  write_file(picture(5), other);
  reads_ = 0;
  EXPECT_EQ(open(disk())->picture(5).bytes, other);
  EXPECT_EQ(reads_, 1);
  EXPECT_EQ(open(disk())->picture(5).bytes, other);
  EXPECT_EQ(reads_, 1);
  EXPECT_EQ(kept_files().size(), static_cast<size_t>(kPictures));  // in the place of the old one
  const auto opened = open(disk());
  fs::remove(picture(5));  // what is not there any more is not made up
  EXPECT_THAT(error_of([&] { opened->picture(5); }), HasSubstr("105.jpg"));
}

TEST_F(CacheTest, WritesDamagedFilesAgain) {
  const auto plain = all_bytes(*open(disk()));
  const char* wish = std::getenv("VIT_FUZZ_ROUNDS");
  const uint64_t rounds = wish != nullptr ? std::strtoull(wish, nullptr, 10) : 100;
  const std::vector<fs::path> files = kept_files();
  for (uint64_t round = 0; round < rounds; ++round) {
    Random random = Random(5).at(round);
    const fs::path& file = files[static_cast<size_t>(random.below(std::ssize(files)))];
    const std::string whole = read_text(file);
    std::string bytes = whole;
    const int64_t part = random.chance(0.5) ? 48 : std::ssize(bytes);
    bytes[static_cast<size_t>(random.below(part))] ^= static_cast<char>(1 + random.below(255));
    if (random.chance(0.2)) bytes.resize(static_cast<size_t>(random.below(std::ssize(bytes))));
    write_file(file, bytes);
    reads_ = 0;
    EXPECT_EQ(all_bytes(*open(disk())), plain);
    EXPECT_EQ(reads_, 1);
    EXPECT_EQ(read_text(file), whole);
  }
}

TEST_F(CacheTest, GoesOnWithoutRoomOnTheDisk) {
  const auto plain = all_bytes(*open("none"));
  for (int i = 0; i < 256; ++i) {  // no file can be written: its folder is a file
    char name[3];
    std::snprintf(name, sizeof name, "%02x", i);
    write_file(dir_ / "kept" / name, "");
  }
  const Log log;
  EXPECT_EQ(all_bytes(*open(disk())), plain);
  EXPECT_EQ(log.count("data.cache: cannot write"), 1) << log.text();
  EXPECT_THAT(log.text(), HasSubstr("no more pictures are kept"));
  write_file(dir_ / "file", "");
  EXPECT_THAT(error_of([&] { open("{name: disk, folder: '" + (dir_ / "file/x").string() + "'}"); }),
              AllOf(HasSubstr("data.cache.folder"), HasSubstr("cannot be made")));
}

TEST_F(CacheTest, MakesRoomForThisRunFromWhatNoRunUses) {
  const auto plain = all_bytes(*open(disk()));
  int64_t bytes = 0;
  const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
  for (const fs::path& file : kept_files()) {
    bytes += static_cast<int64_t>(fs::file_size(file));
    fs::last_write_time(file, yesterday);
  }
  const std::string limit = ", limit: " + std::to_string(bytes + 100);
  const fs::path all = dir_ / "in", moved = dir_ / "moved";
  reads_ = 0;
  all_bytes(*open(disk(limit)));
  EXPECT_EQ(reads_, 0);  // its own pictures stay
  for (const fs::path& file : kept_files()) fs::last_write_time(file, yesterday);
  fs::rename(all, moved);  // to the cache these are others
  fs::create_directory_symlink(moved, all);
  const DataSection data =
      data_section("{name: folder, root: '" + moved.string() + "', cache: " + disk(limit) + "}");
  for (int time = 0; time < 2; ++time) {
    auto set = std::make_unique<Counted>(data.build()->open("train"), reads_);
    const auto kept =
        data.common().cache.build(Orientation::kIgnore)->over(std::move(set), Use::kTraining);
    EXPECT_EQ(all_bytes(*kept), plain);
    EXPECT_GE(reads_, kPictures);
    EXPECT_LE(reads_, kPictures + 2);  // lengths differ a little
  }
}

TEST_F(CacheTest, LeavesToTheSystemWhatNeedsNoCache) {
  const DataSection data =
      data_section("{name: synthetic, train_examples: 5, cache: " + disk() + "}");
  const auto set = data.common()
                       .cache.build(Orientation::kIgnore)
                       ->over(data.build()->open("train"), Use::kTraining);
  EXPECT_EQ(set->image(2), data.build()->open("train")->image(2));
  EXPECT_TRUE(kept_files().empty());
  const auto ram = data_section("{name: synthetic, cache: ram}");
  const auto kept = ram.common()
                        .cache.build(Orientation::kIgnore)
                        ->over(ram.build()->open("train"), Use::kTraining);
  for (int time = 0; time < 2; ++time)
    EXPECT_EQ(kept->image(7), ram.build()->open("train")->image(7));
}

TEST_F(CacheTest, IsConfigured) {
  EXPECT_EQ(section("none").common().cache.name(), "none");
  EXPECT_EQ(section("ram").common().cache.name(), "ram");
  const auto refusal = [&](const std::string& cache) {
    return error_of<ConfigError>([&] { section(cache); });
  };
  EXPECT_THAT(refusal("{name: ram, limit: much}"),
              AllOf(HasSubstr("data.cache.limit"), HasSubstr("'8 GiB'"), HasSubstr("'much'")));
  EXPECT_THAT(refusal("memory"), HasSubstr("unknown cache 'memory'"));
  EXPECT_THAT(refusal("{name: ram, folder: x}"), HasSubstr("cache 'ram' does not have it"));
  EXPECT_THAT(refusal("{name: disk, keep: png}"), HasSubstr("keep"));
}

}  // namespace
}  // namespace vit
