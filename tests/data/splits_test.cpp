// Split syntax and the splits a run uses.
#include "vit/data/shared_examples.hpp"

#include "data/data_files.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace vit {
namespace {

using test::error_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// `size` examples whose names are their numbers, in ten classes one after the other.
class Numbers final : public Dataset {
 public:
  explicit Numbers(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  int64_t label(int64_t index) const override { return index * 10 / size_; }
  Picture picture(int64_t index) const override {
    Image image(1, 1, 1);
    image.pixels[0] = static_cast<uint8_t>(index);
    return raw_picture(name(index), std::move(image));
  }
  std::string name(int64_t index) const override { return std::to_string(index); }

 private:
  int64_t size_;
};

class NumberSource final : public DataSource {
 public:
  explicit NumberSource(std::map<std::string, int64_t> sizes, bool sorted = false)
      : sizes_(std::move(sizes)), sorted_(sorted) {}
  const DataInfo& info() const override { return info_; }
  std::vector<std::string> splits() const override {
    std::vector<std::string> names;
    for (const auto& [name, size] : sizes_) names.push_back(name);
    return names;
  }
  std::unique_ptr<Dataset> open(const std::string& split) const override {
    return std::make_unique<Numbers>(sizes_.at(split));
  }
  bool sorted_by_class() const override { return sorted_; }

 private:
  std::map<std::string, int64_t> sizes_;
  bool sorted_;
  DataInfo info_;
};

std::vector<int64_t> members(const DataSource& source, const std::string& split) {
  const auto data = open_split(source, split);
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < data->size(); ++i) {
    numbers.push_back(std::stoll(data->name(i)));
    EXPECT_EQ(data->image(i).pixels[0], static_cast<uint8_t>(numbers.back()));
  }
  return numbers;
}

std::vector<int64_t> range(int64_t begin, int64_t end) {
  std::vector<int64_t> numbers(static_cast<size_t>(end - begin));
  std::iota(numbers.begin(), numbers.end(), begin);
  return numbers;
}

TEST(Splits, SlicesLikePython) {
  const NumberSource source({{"train", 50}});
  EXPECT_EQ(members(source, "train"), range(0, 50));
  EXPECT_EQ(members(source, "train[:]"), range(0, 50));
  EXPECT_EQ(members(source, "train[:8]"), range(0, 8));
  EXPECT_EQ(members(source, "train[8:12]"), range(8, 12));
  EXPECT_EQ(members(source, "train[-5:]"), range(45, 50));
  EXPECT_EQ(members(source, "train[:-5]"), range(0, 45));
  EXPECT_EQ(members(source, "train[:98%]"), range(0, 49));
  EXPECT_EQ(members(source, "train[98%:]"), range(49, 50));
  EXPECT_EQ(members(source, "train[-10%:]"), range(45, 50));
  EXPECT_EQ(members(source, "train[20%:-20%]"), range(10, 40));
  EXPECT_EQ(members(source, "train[12.5%:50%]"), range(6, 25));
  EXPECT_EQ(members(source, " train [ 10 : 50% ] "), range(10, 25));
  EXPECT_EQ(members(source, "train[:0800]"), range(0, 50));  // as many as there are, with a warning
}

TEST(Splits, JoinsPartsByPlus) {
  const NumberSource source({{"train", 50}, {"validation", 9}});
  std::vector<int64_t> both = range(0, 8), others = range(44, 46);
  both.insert(both.end(), others.begin(), others.end());
  EXPECT_EQ(members(source, "train[:8]+train[44:46]"), both);
  EXPECT_EQ(members(source, " train[:8] + train[ 44 : 46 ] "), both);
  EXPECT_EQ(members(source, "validation[7:]+train[:1]+val[:1]"),
            (std::vector<int64_t>{7, 8, 0, 0}));
  EXPECT_EQ(open_split(source, "train+validation")->size(), 59);
  EXPECT_EQ(open_split(source, "train+validation")->label(58), 8 * 10 / 9);
  const NumberSource sorted({{"train", 50}}, true);
  std::vector<int64_t> all = members(sorted, "train[60%:]+train[:60%]");
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, range(0, 50));
}

TEST(Splits, RefusesPartsInCommon) {
  const NumberSource source({{"train", 50}, {"val", 50}});
  EXPECT_THAT(error_of<ConfigError>([&] { open_split(source, "train[:10]+val+train[8:12]"); }),
              AllOf(HasSubstr("the parts 1 and 3 have 2 examples of train in common")));
  EXPECT_THAT(error_of<ConfigError>([&] { open_split(source, "val[:1]+validation"); }),
              HasSubstr("1 examples of val in common"));
  EXPECT_EQ(open_split(source, "train[:10]+val[:10]")->size(), 20);
  for (const char* split : {"train+", "+train", "train++val", "train[:5]+val[", "train[:5+7]"}) {
    EXPECT_THAT(error_of<ConfigError>([&] { open_split(source, split); }),
                HasSubstr("several of these joined by +"))
        << split;
  }
  EXPECT_THAT(error_of([&] { open_split(source, "train+tset"); }), HasSubstr("no split 'tset'"));
}

TEST(Splits, CountsSharedExamples) {
  const NumberSource source({{"train", 50}});
  const auto shared = [&](const char* a, const char* b) {
    return shared_examples(*open_split(source, a), *open_split(source, b));
  };
  EXPECT_EQ(shared("train[:10]", "train[10:]"), 0);
  EXPECT_EQ(shared("train[:10]+train[20:30]", "train[8:22]"), 4);
}

TEST(Splits, AcceptsSynonyms) {
  const NumberSource source({{"train", 5}, {"val", 4}, {"test", 3}});
  EXPECT_EQ(open_split(source, "validation")->size(), 4);
  EXPECT_EQ(open_split(source, "valid[:2]")->size(), 2);
  EXPECT_EQ(open_split(source, "training")->size(), 5);
}

TEST(Splits, NamesTheSplitsThereAre) {
  const NumberSource source({{"train", 5}, {"val", 4}});
  EXPECT_THAT(error_of([&] { open_split(source, "trian"); }),
              AllOf(HasSubstr("no split 'trian'"), HasSubstr("did you mean 'train'"),
                    HasSubstr("train and val")));
}

TEST(Splits, RefusesEmptySlices) {
  const NumberSource source({{"train", 50}});
  for (const char* split : {"train[50:]", "train[20:10]", "train[:0]", "train[:0%]", "train[5:5]",
                            "train[:-50]", "train[100:200]"}) {
    EXPECT_THAT(error_of([&] { open_split(source, split); }),
                AllOf(HasSubstr("is empty"), HasSubstr("50 examples")))
        << split;
  }
}

TEST(Splits, RefusesMalformedSlices) {
  const NumberSource source({{"train", 50}});
  for (const char* split : {"", "[:5]", "train[", "train[5]", "train[:5", "train[:5]x", "train[a:]",
                            "train[:5%%]", "train[:1.5]", "train[:150%]", "train[1:2:3]", "train]",
                            "train[:nan]", "train[:%]", "train[:1e3]"}) {
    EXPECT_THAT(error_of<ConfigError>([&] { open_split(source, split); }), HasSubstr("train[:98%]"))
        << split;
  }
}

TEST(Splits, ComplementarySlicesShareNothing) {
  for (const bool sorted : {false, true}) {
    for (const int64_t size : {50, 101, 1013}) {
      const NumberSource source({{"train", size}}, sorted);
      for (const char* at : {"10%", "33.3%", "98%", "-10%", "3", "-3"}) {
        std::vector<int64_t> all = members(source, std::string("train[:") + at + "]");
        EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
        const std::vector<int64_t> rest = members(source, std::string("train[") + at + ":]");
        EXPECT_TRUE(std::is_sorted(rest.begin(), rest.end()));
        all.insert(all.end(), rest.begin(), rest.end());
        std::sort(all.begin(), all.end());
        EXPECT_EQ(all, range(0, size)) << at << " of " << size;
      }
    }
  }
}

TEST(Splits, AreAFairSampleWhenTheSourceIsSortedByClass) {
  const NumberSource source({{"train", 1000}}, true);
  const auto val = open_split(source, "train[90%:]");
  std::set<int64_t> classes;
  for (int64_t i = 0; i < val->size(); ++i) classes.insert(val->label(i));
  EXPECT_EQ(val->size(), 100);
  EXPECT_EQ(classes.size(), 10u);
  EXPECT_EQ(members(source, "train[90%:]"), members(source, "train[-100:]"));
}

TEST(ResolveSplits, FindsWhatToValidateOn) {
  const auto resolved = [](std::map<std::string, int64_t> sizes, const std::string& train,
                           const std::string& val) {
    const SplitNames names = resolve_splits(NumberSource(std::move(sizes)), train, val);
    return names.train + " " + names.val;
  };
  EXPECT_EQ(resolved({{"train", 9}, {"val", 9}, {"test", 9}}, "", ""), "train val");
  EXPECT_EQ(resolved({{"train", 9}, {"validation", 9}, {"test", 9}}, "", ""), "train validation");
  EXPECT_EQ(resolved({{"train", 9}, {"test", 9}}, "", ""), "train test");
  EXPECT_EQ(resolved({{"train", 9}}, "", ""), "train[:90%] train[90%:]");
  EXPECT_EQ(resolved({{"train", 9}}, "train[:98%]", ""), "train[:98%] train[98%:]");
  EXPECT_EQ(resolved({{"train", 9}}, "train[ 3 :]", ""), "train[ 3 :] train[:3]");
  EXPECT_EQ(resolved({{"train", 9}, {"test", 9}}, "train[:98%]", "train[98%:]"),
            "train[:98%] train[98%:]");
  EXPECT_EQ(resolved({{"train", 9}, {"test", 9}}, "train[:8]", ""), "train[:8] test");
  EXPECT_EQ(resolved({{"train", 9}, {"test", 9}}, "train[:2]+train[4:]", ""),
            "train[:2]+train[4:] test");
  for (const char* train : {"train[2:4]", "train[:2]+train[4:]"}) {
    EXPECT_THAT(error_of<ConfigError>([&] {
                  resolved({{"train", 9}}, train, "");
                }),
                HasSubstr("data.val"));
  }
}

TEST(DataSection, ReadsItsKeys) {
  const DataSection data = test::data_section(
      "{name: synthetic, train_examples: 12, train: 'train[:6]', val: 'train[6:]', on_error: "
      "skip}");
  EXPECT_EQ(data.common().train, "train[:6]");
  EXPECT_EQ(data.common().val, "train[6:]");
  EXPECT_EQ(data.common().on_error, OnError::kSkip);
  const auto source = data.build();
  EXPECT_EQ(open_split(*source, data.common().train)->size(), 6);
  EXPECT_THAT(error_of<ConfigError>([] { test::data_section("{name: folder}"); }),
              HasSubstr("data.root"));
}

std::vector<int64_t> training_members(const DataSource& source, const DataCommon& common) {
  const auto data = open_training_split(source, "train", common);
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < data->size(); ++i) numbers.push_back(std::stoll(data->name(i)));
  return numbers;
}

TEST(TrainingSplit, SmallerSubsetsLieWithinLargerOnes) {
  const NumberSource source({{"train", 1000}});
  const auto subset = [&](double fraction, int64_t count, int64_t seed = 0) {
    DataCommon common;
    common.fraction = fraction;
    common.count = count;
    common.subset_seed = seed;
    return training_members(source, common);
  };
  EXPECT_EQ(subset(1, 0), range(0, 1000));
  std::vector<int64_t> larger = subset(1, 0);
  for (const int64_t count : {700, 300, 10, 1}) {
    const std::vector<int64_t> some = subset(1, count);
    EXPECT_EQ(static_cast<int64_t>(some.size()), count);
    EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
    EXPECT_TRUE(std::includes(larger.begin(), larger.end(), some.begin(), some.end()));
    larger = some;
  }
  EXPECT_EQ(subset(0.3, 0), subset(1, 300));
  EXPECT_NE(subset(0.3, 0), subset(0.3, 0, 1));
  EXPECT_EQ(subset(1e-9, 0).size(), 1u);
  EXPECT_THAT(error_of([&] { subset(1, 1001); }),
              AllOf(HasSubstr("data.count is 1001"), HasSubstr("1000 examples")));
  EXPECT_THAT(error_of<ConfigError>(
                  [] { test::data_section("{name: synthetic, count: 5, fraction: 0.5}"); }),
              HasSubstr("together with fraction"));
}

TEST(TrainingSplit, LeavesOutWhatAFileNames) {
  const NumberSource source({{"train", 6}});
  test::TempDir dir;
  DataCommon common;
  common.exclude = dir / "names";
  test::write_file(dir / "names", "1\r\n\n4\n99\n");
  EXPECT_THAT(training_members(source, common), ElementsAre(0, 2, 3, 5));
  common.count = 4;
  EXPECT_THAT(training_members(source, common), ElementsAre(0, 2, 3, 5));
  test::write_file(dir / "names", "x/1\n");
  EXPECT_THAT(error_of([&] { training_members(source, common); }),
              AllOf(HasSubstr("none of which is in the training split"), HasSubstr("like '0'")));
  test::write_file(dir / "names", "0\n1\n2\n3\n4\n5\n");
  EXPECT_THAT(error_of([&] { training_members(source, common); }), HasSubstr("leaves nothing"));
}

}  // namespace
}  // namespace vit
