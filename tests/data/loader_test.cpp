// What a batch holds depends on its position alone: not on threads, prefetch, or where the stream
// was entered.
#include "vit/data/loader.hpp"

#include "data/data_files.hpp"
#include "data/example_writer.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <set>
#include <thread>

namespace vit {
namespace {

using test::error_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Extent kSize{6, 5};

// Noise pictures; some of them cannot be read.
class Pictures final : public Dataset {
 public:
  Pictures(int64_t size, std::set<int64_t> bad = {}) : size_(size), bad_(std::move(bad)) {}
  int64_t size() const override { return size_; }
  int64_t label(int64_t index) const override { return index; }
  std::string name(int64_t index) const override { return "picture" + std::to_string(index); }
  Picture picture(int64_t index) const override {
    if (bad_.contains(index)) throw DataError("'" + name(index) + "' is broken\nthrow it away");
    Random noise(static_cast<uint64_t>(index));
    Image image(9 + index % 3, 8, 3);
    for (uint8_t& byte : image.pixels) byte = static_cast<uint8_t>(noise.bits());
    return raw_picture(name(index), std::move(image));
  }

 private:
  int64_t size_;
  std::set<int64_t> bad_;
};

Pipeline augmenting_pipeline(Extent size = kSize) {
  return Pipeline({TransformSection("inception_crop"), TransformSection("flip")}, InputConfig{},
                  size);
}

LoaderOptions options_of(int64_t batch, int64_t threads, int64_t prefetch) {
  LoaderOptions options;
  options.batch = batch;
  options.threads = threads;
  options.prefetch = prefetch;
  options.image = kSize;
  return options;
}

struct Example {
  int64_t label = 0;
  std::vector<uint8_t> pixels;
  bool operator==(const Example&) const = default;
};

void append(const HostBatch& batch, std::vector<Example>& examples) {
  const int64_t bytes = 3 * kSize.area();
  for (int64_t i = 0; i < batch.size; ++i) {
    examples.push_back(
        {batch.labels[i], {batch.images + i * bytes, batch.images + (i + 1) * bytes}});
  }
}

// The stream's examples from `first` to `end`.
std::vector<Example> stream(const Dataset& data, const LoaderOptions& options, int64_t first,
                            int64_t end, const Pipeline& pipeline = augmenting_pipeline()) {
  Loader loader(data, pipeline, Sampler(data.size(), Random(3), Sampler::Order::kShuffled),
                Random(4), options, first, end);
  std::vector<Example> examples;
  int64_t position = first;
  while (true) {
    const HostBatch batch = loader.next();
    if (batch.size == 0) break;
    EXPECT_EQ(batch.first_position, position);
    EXPECT_EQ(batch.size, std::min(options.batch, end - position));
    position += batch.size;
    append(batch, examples);
  }
  EXPECT_EQ(loader.next().size, 0);
  EXPECT_GE(loader.seconds_waited(), 0.0);
  return examples;
}

TEST(Loader, GivesTheSameExamplesForAnyThreadsAndPrefetch) {
  const Pictures data(37);
  const auto expected =
      stream(data, options_of(8, 0, 1), 0, 100);  // almost three epochs, a short last batch
  ASSERT_EQ(expected.size(), 100u);
  for (const int64_t threads : {1, 2, 7}) {
    for (const int64_t prefetch : {1, 8}) {
      EXPECT_EQ(stream(data, options_of(8, threads, prefetch), 0, 100), expected)
          << threads << " threads, " << prefetch;
    }
  }
  EXPECT_EQ(stream(data, options_of(64, 7, 2), 0, 100), expected);  // nor does the batch matter
}

TEST(Loader, CanBeEnteredAnywhere) {
  const Pictures data(37);
  const auto all = stream(data, options_of(8, 0, 1), 0, 100);
  for (const int64_t first : {1, 8, 36, 37, 90, 99, 100}) {
    const std::vector<Example> rest(all.begin() + first, all.end());
    EXPECT_EQ(stream(data, options_of(8, 2, 3), first, 100), rest) << "from " << first;
  }
}

TEST(Loader, ShowsEveryExampleOnceAnEpochAugmentedAnew) {
  const Pictures data(37);
  const auto examples = stream(data, options_of(10, 2, 2), 0, 74);
  std::map<int64_t, std::vector<std::vector<uint8_t>>> seen;
  for (const Example& example : examples) seen[example.label].push_back(example.pixels);
  ASSERT_EQ(seen.size(), 37u);
  int changed = 0;
  for (const auto& [label, pixels] : seen) {
    ASSERT_EQ(pixels.size(), 2u);
    changed += pixels[0] != pixels[1];
  }
  EXPECT_GT(changed, 30);
}

TEST(Loader, LaysPicturesOutAsPlanes) {
  Image colour(1, 2, 3);
  colour.pixels = {1, 2, 3, 4, 5, 6};
  std::vector<uint8_t> planes(6);
  write_planes(colour, 3, planes.data());
  EXPECT_THAT(planes, ElementsAre(1, 4, 2, 5, 3, 6));
  Image gray(1, 2, 1);
  gray.pixels = {7, 8};
  write_planes(gray, 3, planes.data());
  EXPECT_THAT(planes, ElementsAre(7, 8, 7, 8, 7, 8));
  planes.assign(2, 0);
  write_planes(gray, 1, planes.data());
  EXPECT_THAT(planes, ElementsAre(7, 8));
  colour.pixels = {255, 255, 255, 255, 0, 0};
  write_planes(colour, 1, planes.data());
  EXPECT_THAT(planes, ElementsAre(255, 76));  // 0.299 * 255
}

TEST(Loader, ThrowsABadPictureInItsPlace) {
  const Pictures data(40, {13, 15});
  const Pipeline pipeline = augmenting_pipeline();
  for (const int64_t threads : {0, 1, 2, 7}) {
    Loader loader(data, pipeline, Sampler(40, Random(3), Sampler::Order::kSequential), Random(4),
                  options_of(10, threads, 4), 0, 40);
    EXPECT_EQ(loader.next().size, 10);
    EXPECT_THAT(error_of([&] { loader.next(); }), HasSubstr("picture13"))
        << threads;  // the first of the two
    EXPECT_EQ(loader.next().first_position, 20);
    EXPECT_EQ(loader.next().size, 10);
    EXPECT_EQ(loader.next().size, 0);
  }
}

TEST(Loader, ReplacesBadPicturesAlike) {
  const Pictures data(37, {0, 5, 6, 36});
  LoaderOptions options = options_of(8, 0, 1);
  options.on_error = OnError::kSkip;
  const auto expected = stream(data, options, 0, 74);
  const auto clean = stream(Pictures(37), options, 0, 74);
  for (size_t i = 0; i < clean.size(); ++i) {
    const int64_t wanted = clean[i].label;
    const int64_t given = wanted == 5 || wanted == 6 ? 7 : wanted == 36 || wanted == 0 ? 1 : wanted;
    EXPECT_EQ(expected[i].label, given);
    if (given == wanted) {
      EXPECT_EQ(expected[i], clean[i]);
    }
  }
  for (const int64_t threads : {1, 2, 7}) {
    options.threads = threads;
    options.prefetch = 3;
    EXPECT_EQ(stream(data, options, 0, 74), expected) << threads << " threads";
  }
}

TEST(Loader, CountsAndNamesWhatItReplaced) {
  const Pictures data(20, {2, 3, 11});
  const Pipeline pipeline = augmenting_pipeline();
  for (const int64_t threads : {0, 3}) {
    LoaderOptions options = options_of(10, threads, 2);
    options.on_error = OnError::kSkip;
    Loader loader(data, pipeline, Sampler(20, Random(3), Sampler::Order::kSequential), Random(4),
                  options, 0, 40);
    EXPECT_EQ(loader.skipped(), 0);
    EXPECT_THAT(loader.next().replaced, ElementsAre(2, 3));
    EXPECT_EQ(loader.skipped(), 2);  // only what was handed out, whatever the workers have met
    EXPECT_THAT(loader.next().replaced, ElementsAre(1));
    while (loader.next().size > 0) continue;
    EXPECT_EQ(loader.skipped(), 6);
    EXPECT_THAT(loader.skipped_names(), ElementsAre("'picture2' is broken", "'picture3' is broken",
                                                    "'picture11' is broken"));
  }
}

TEST(Loader, EndsWhenMorePicturesAreBadThanAllowed) {
  const Pictures data(20, {2, 3, 11});
  const Pipeline pipeline = augmenting_pipeline();
  LoaderOptions options = options_of(10, 2, 2);
  options.on_error = OnError::kSkip;
  for (const int64_t allowed : {2, 3}) {
    options.max_errors = allowed;
    Loader loader(data, pipeline, Sampler(20, Random(3), Sampler::Order::kSequential), Random(4),
                  options, 0, 80);
    EXPECT_EQ(loader.next().size, 10);
    if (allowed == 2) {
      EXPECT_THAT(error_of([&] { loader.next(); }),
                  AllOf(HasSubstr("3 different images"), HasSubstr("2 are allowed"),
                        HasSubstr("'picture2' is broken"), HasSubstr("'picture11' is broken")));
    } else {
      for (int batch = 1; batch < 8; ++batch)
        EXPECT_EQ(loader.next().size, 10);  // the same ones count once
    }
  }
}

TEST(ErrorBudget, IsACountOrAPercentage) {
  EXPECT_EQ(error_budget("", 1000), -1);
  EXPECT_EQ(error_budget("0", 1000), 0);
  EXPECT_EQ(error_budget("20", 1000), 20);
  EXPECT_EQ(error_budget("1 %", 1000), 10);
  EXPECT_EQ(error_budget("0.25%", 1000), 2);
  for (const char* wrong : {"-1", "many", "1.5", "101 %", "%", "3 images"})
    EXPECT_THROW(error_budget(wrong, 1000), ConfigError) << wrong;
}

TEST(Loader, ShowsRepeatsAugmentedAnewFromAnyStart) {
  const Pictures data(12);
  const Pipeline pipeline = augmenting_pipeline();
  const auto examples = [&](int64_t threads, int64_t first) {
    Loader loader(data, pipeline, Sampler(12, Random(3), Sampler::Order::kShuffled, {.repeats = 3}),
                  Random(4), options_of(5, threads, 3), first, 36);
    std::vector<Example> all;
    for (HostBatch batch = loader.next(); batch.size > 0; batch = loader.next()) append(batch, all);
    return all;
  };
  const auto all = examples(0, 0);
  ASSERT_EQ(all.size(), 36u);
  int changed = 0;
  for (size_t i = 0; i < all.size(); i += 3) {
    EXPECT_EQ(all[i].label, all[i + 1].label);
    EXPECT_EQ(all[i].label, all[i + 2].label);
    changed += all[i].pixels != all[i + 1].pixels && all[i + 1].pixels != all[i + 2].pixels;
  }
  EXPECT_GT(changed, 8);
  EXPECT_EQ(examples(7, 0), all);
  EXPECT_EQ(examples(2, 17), std::vector<Example>(all.begin() + 17, all.end()));
}

TEST(Loader, GivesUpWhenNothingCanBeRead) {
  std::set<int64_t> bad;
  for (int64_t i = 0; i < 500; ++i) bad.insert(i);
  const Pipeline pipeline = augmenting_pipeline();
  LoaderOptions options = options_of(4, 2, 2);
  options.on_error = OnError::kSkip;
  for (const int64_t size : {3, 500}) {
    const Pictures data(size, bad);
    Loader loader(data, pipeline, Sampler(size, Random(3), Sampler::Order::kSequential), Random(4),
                  options, 0, -1);
    EXPECT_THAT(error_of([&] { loader.next(); }),
                AllOf(HasSubstr(size == 3 ? "3 images in a row" : "101 images in a row"),
                      HasSubstr("picture0")));
  }
}

TEST(Loader, RefusesChannelsThatNoImageHas) {
  const Pictures data(3);
  const Pipeline pipeline = augmenting_pipeline();
  LoaderOptions options = options_of(2, 1, 1);
  options.channels = 4;
  EXPECT_THROW(Loader(data, pipeline, Sampler(3, Random(3), Sampler::Order::kSequential), Random(4),
                      options, 0, -1),
               ConfigError);
}

TEST(Loader, KeepsABatchUntilItIsReleased) {
  const Pictures data(37);
  const Pipeline pipeline = augmenting_pipeline();
  const auto expected = stream(data, options_of(8, 0, 1), 0, 80);
  auto loader =
      std::make_unique<Loader>(data, pipeline, Sampler(37, Random(3), Sampler::Order::kShuffled),
                               Random(4), options_of(8, 2, 1), 0, 80);
  std::vector<HostBatch> held;  // more than are prefetched
  for (int i = 0; i < 6; ++i) held.push_back(loader->next());
  std::thread([dropped =
                   std::vector<HostBatch>(std::make_move_iterator(held.begin()),
                                          std::make_move_iterator(held.begin() + 2))]() mutable {
    dropped.clear();  // on another thread than next()
  }).join();
  held.erase(held.begin(), held.begin() + 2);
  for (int i = 0; i < 4; ++i) held.push_back(loader->next());
  loader.reset();
  std::vector<Example> examples;
  for (const HostBatch& batch : held) append(batch, examples);
  EXPECT_EQ(examples, std::vector<Example>(expected.begin() + 16, expected.end()));
}

TEST(Loader, ReusesItsSlots) {
  const Pictures data(37);
  const Pipeline pipeline = augmenting_pipeline();
  Loader loader(data, pipeline, Sampler(37, Random(3), Sampler::Order::kShuffled), Random(4),
                options_of(4, 2, 3), 0, -1);
  std::set<const void*> places;
  for (int i = 0; i < 100; ++i) places.insert(loader.next().images);
  EXPECT_LE(places.size(), 4u);  // those prefetched and the one in use
}

// Pictures that wait until the gate opens.
class Gated final : public Dataset {
 public:
  int64_t size() const override { return 1000; }
  int64_t label(int64_t index) const override { return index; }
  std::string name(int64_t) const override { return "gated"; }
  Picture picture(int64_t index) const override {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    return raw_picture(name(index), Image(8, 8, 3));
  }
  void wait_for_readers(int64_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int64_t inside_ = 0;
  bool open_ = false;
};

TEST(Loader, BuildsOneBatchWithAllThreads) {
  Gated data;
  const Pipeline pipeline({}, InputConfig{}, kSize);
  Loader loader(data, pipeline, Sampler(1000, Random(3), Sampler::Order::kShuffled), Random(4),
                options_of(8, 4, 1), 0, -1);
  data.wait_for_readers(4);  // hangs if the threads do not share the only batch in preparation
  data.open();
  EXPECT_EQ(loader.next().size, 8);
}

TEST(Loader, StopsWhileItsWorkersAreBusy) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    Gated data;
    const Pipeline pipeline({}, InputConfig{}, kSize);
    auto loader = std::make_unique<Loader>(data, pipeline,
                                           Sampler(1000, Random(3), Sampler::Order::kShuffled),
                                           Random(4), options_of(64, 4, 4), 0, -1);
    data.wait_for_readers(4);
    auto opened = std::async(std::launch::async, [&] { data.open(); });
    loader.reset();
    opened.get();
  }
}

}  // namespace
}  // namespace vit
