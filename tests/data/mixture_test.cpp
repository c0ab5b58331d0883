// Several data sets as one: whose classes, whose splits, in which shares.
#include "vit/data/loader.hpp"

#include "data/data_files.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace vit {
namespace {

using test::data_section;
using test::error_of;
using test::png;
using test::TempDir;
using test::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MixtureTest : public ::testing::Test {
 protected:
  // root/<class>/<n>.png below `root`, of one shade of red.
  void write_class(const std::string& root, const std::string& name, int count, uint8_t red) {
    for (int i = 0; i < count; ++i) {
      write_file(dir_ / root / name / (std::to_string(i) + ".png"), png(4, 4, red));
    }
  }
  std::string folder(const std::string& root, const std::string& more = "") {
    return "{name: folder, root: '" + (dir_ / root).string() + "'" + more + "}";
  }
  static DataSection mixture(const std::vector<std::string>& sources,
                             const std::string& more = "") {
    std::string list;
    for (const std::string& source : sources) list += (list.empty() ? "" : ", ") + source;
    return data_section("{name: mixture, sources: [" + list + "]" + more + "}");
  }
  static std::unique_ptr<Dataset> training_set(const DataSection& data) {
    const auto source = data.build();
    const SplitNames splits = resolve_splits(*source, data.common().train, data.common().val);
    return open_training_split(*source, splits.train, data.common());
  }

  TempDir dir_;
};

TEST_F(MixtureTest, UnitesClassesByName) {
  write_class("a/train", "cat", 2, 10);
  write_class("a/train", "dog", 1, 20);
  write_class("b/train", "ant", 1, 30);
  write_class("b/train", "dog", 2, 40);
  const DataSection data = mixture({"{data: " + folder("a") + ", validate: false}",
                                    "{data: " + folder("b") + ", validate: false}"});
  const auto source = data.build();
  EXPECT_EQ(source->info().kind, "mixture");
  EXPECT_THAT(source->info().classes, ElementsAre("cat", "dog", "ant"));
  EXPECT_THAT(source->splits(), ElementsAre("train"));
  const auto train = source->open("train");
  ASSERT_EQ(train->size(), 6);
  std::vector<int64_t> labels, shades;
  for (int64_t i = 0; i < 6; ++i) {
    labels.push_back(train->label(i));
    shades.push_back(train->image(i).pixels[0]);
  }
  EXPECT_THAT(labels, ElementsAre(0, 0, 1, 2, 1, 1));
  EXPECT_THAT(shades, ElementsAre(10, 10, 20, 30, 40, 40));
  EXPECT_EQ(train->name(0), "0/train/cat/0.png");
  EXPECT_EQ(train->name(4), "1/train/dog/0.png");
  EXPECT_EQ(train->place(4), (dir_ / "b/train/dog/0.png").string());
  EXPECT_EQ(train->strata().size(), 1u);  // no weights: every example once an epoch
}

TEST_F(MixtureTest, ValidatesOnWhatTheSourcesValidateOn) {
  write_class("a/train", "cat", 20, 10);
  write_class("b/train", "cat", 3, 20);
  write_class("b/valid", "cat", 2, 30);
  write_class("b/test", "cat", 1, 40);
  write_class("c/train", "cat", 5, 50);
  const DataSection data = mixture({"{data: " + folder("a") + "}", "{data: " + folder("b") + "}",
                                    "{data: " + folder("c") + ", validate: false}"});
  const auto source = data.build();
  EXPECT_THAT(source->splits(), ElementsAre("train", "val", "test"));
  const SplitNames splits = resolve_splits(*source, "", "");
  EXPECT_EQ(splits.train, "train");
  EXPECT_EQ(splits.val, "val");
  EXPECT_EQ(open_split(*source, "train")->size(), 18 + 3 + 5);  // a tenth of a is held back
  const auto val = open_split(*source, "val");
  ASSERT_EQ(val->size(), 2 + 2);
  EXPECT_EQ(val->image(0).pixels[0], 10);
  EXPECT_EQ(val->image(3).pixels[0], 30);
  EXPECT_EQ(open_split(*source, "test")->size(), 1);
  // A source's own keys.
  const DataSection own =
      mixture({"{data: " + folder("a", ", train: 'train[:4]', val: 'train[4:]'") + "}",
               "{data: " + folder("b", ", val: test, count: 2") + "}"});
  const auto other = own.build();
  EXPECT_EQ(open_split(*other, "train")->size(), 4 + 2);
  EXPECT_EQ(open_split(*other, "val")->size(), 16 + 1);
}

TEST_F(MixtureTest, TrainsInTheSharesOfTheWeights) {
  write_class("a/train", "cat", 5, 10);
  write_class("b/train", "dog", 40, 20);
  const std::string sources[] = {"{weight: 3, validate: false, data: " + folder("a") + "}",
                                 "{weight: 1, validate: false, data: " + folder("b") + "}"};
  const auto train = training_set(mixture({sources[0], sources[1]}, ", train: train, val: train"));
  ASSERT_EQ(train->size(), 45);  // an epoch is as long as all of it
  ASSERT_EQ(train->strata().size(), 2u);
  const Sampler sampler(train->strata(), Random(3), {});
  std::map<int64_t, int> shown;
  std::set<int64_t> dogs;
  for (int64_t n = 0; n < 160; ++n) {
    const int64_t index = sampler.at(n).index;
    ++shown[train->label(index)];
    if (train->label(index) == 1) dogs.insert(index);
  }
  EXPECT_EQ(shown[0], 120);
  EXPECT_EQ(shown[1], 40);
  EXPECT_EQ(dogs.size(), 40u);
  // Slices and subsets of all keep the shares.
  const auto half = training_set(
      mixture({sources[0], sources[1]}, ", train: 'train[:60%]', val: train, count: 20"));
  EXPECT_EQ(half->size(), 20);
  const std::vector<Stratum> strata = half->strata();
  ASSERT_EQ(strata.size(), 2u);
  EXPECT_EQ(strata[0].size + strata[1].size, 20);
  EXPECT_EQ(strata[0].share / strata[1].share, 3);
  for (int64_t i = 0; i < 20; ++i) EXPECT_EQ(half->label(i), i < strata[0].size ? 0 : 1);
  write_file(dir_ / "out.txt",
             "0/train/cat/0.png\n0/train/cat/1.png\n0/train/cat/2.png\n"
             "0/train/cat/3.png\n0/train/cat/4.png\n");
  EXPECT_THAT(
      error_of([&] {
        training_set(mixture({sources[0], sources[1]},
                             ", val: train, exclude: '" + (dir_ / "out.txt").string() + "'"))
            ->strata();
      }),
      HasSubstr("nothing is left of source 0"));
}

TEST_F(MixtureTest, HoldsMixtures) {
  write_class("a/train", "cat", 4, 10);
  write_class("b/train", "dog", 6, 20);
  const std::string inner =
      "{name: mixture, sources: [{weight: 1, validate: false, data: " + folder("a") +
      "}, {weight: 3, validate: false, data: " + folder("b") + "}]}";
  const auto train = training_set(
      mixture({"{validate: false, data: " + inner + "}",
               "{validate: false, data: {name: synthetic, channels: 1, train_examples: 30}}"},
              ", val: train"));
  const std::vector<Stratum> strata = train->strata();
  ASSERT_EQ(strata.size(), 3u);
  EXPECT_NEAR(strata[0].share, 2.5, 1e-12);  // the inner one has a quarter of all by its size
  EXPECT_NEAR(strata[1].share, 7.5, 1e-12);
  EXPECT_NEAR(strata[2].share, 30, 1e-12);
}

TEST_F(MixtureTest, GivesTheSameBatchesForAnyThreads) {
  const DataSection data = mixture(
      {"{weight: 3, data: {name: synthetic, train_examples: 11, size: 8}}",
       "{weight: 1, data: {name: synthetic, channels: 1, seed: 4, train_examples: 30, size: 8}}"});
  EXPECT_EQ(data.build()->info().channels, 3);
  const auto train = training_set(data);
  const Pipeline pipeline({TransformSection("flip")}, InputConfig{}, square(8));
  const auto batches = [&](int64_t threads, int64_t first) {
    LoaderOptions options;
    options.batch = 10;
    options.threads = threads;
    options.image = square(8);
    Loader loader(*train, pipeline, Sampler(train->strata(), Random(3), {}), Random(4), options,
                  first, 200);
    std::vector<std::vector<uint8_t>> examples;
    for (HostBatch batch = loader.next(); batch.size > 0; batch = loader.next()) {
      for (int64_t i = 0; i < batch.size; ++i) {
        examples.emplace_back(batch.images + i * 192, batch.images + (i + 1) * 192);
        examples.back().push_back(static_cast<uint8_t>(batch.labels[i]));
      }
    }
    return examples;
  };
  const auto expected = batches(0, 0);
  ASSERT_EQ(expected.size(), 200u);
  for (const int64_t threads : {1, 2, 7}) EXPECT_EQ(batches(threads, 0), expected);
  EXPECT_EQ(batches(2, 77), std::vector(expected.begin() + 77, expected.end()));
}

TEST_F(MixtureTest, RefusesWhatMakesNoSense) {
  const std::string one = "{data: synthetic}";
  const auto refusal = [](const std::vector<std::string>& sources) {
    return error_of<ConfigError>([&] { mixture(sources); });
  };
  EXPECT_THAT(refusal({}), HasSubstr("sources"));
  EXPECT_THAT(refusal({one, "{weight: 2, data: synthetic}"}),
              HasSubstr("must all have a weight, or none"));
  EXPECT_THAT(refusal({"{weight: -1, data: synthetic}"}), HasSubstr("data.sources.0.weight"));
  EXPECT_THAT(refusal({one, "{data: {name: synthetic, on_error: skip, cache: ram}}"}),
              AllOf(HasSubstr("data.sources.1"), HasSubstr("set data.on_error"),
                    HasSubstr("set data.cache")));
  EXPECT_THAT(refusal({"{validate: false, data: {name: synthetic, val: train}}"}),
              HasSubstr("val is given"));
  EXPECT_THAT(refusal({"{weight: 1}"}), HasSubstr("data.sources.0.data.name"));
  EXPECT_THAT(error_of([&] { mixture({"{data: " + folder("nowhere") + "}"}).build(); }),
              HasSubstr("nowhere"));
}

}  // namespace
}  // namespace vit
