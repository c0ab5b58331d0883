#include "train/class_match.hpp"

#include "vit/core/files.hpp"

#include "support/temp_dir.hpp"
#include "train/probe_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace vit::test {
namespace {

using Names = std::vector<std::string>;
using Numbers = std::vector<int64_t>;

TEST(ClassMatch, EqualNamesKeepTheirNumbers) {
  const ClassMatch match = match_classes({"cat", "dog"}, {"cat", "dog"}, 2, {});
  EXPECT_EQ(match.misfit, "");
  EXPECT_TRUE(match.labels.empty());
}

TEST(ClassMatch, KnownNamesAreLookedUp) {
  const ClassMatch match = match_classes({"cat", "dog"}, {"bird", "dog", "cat"}, 3, {});
  EXPECT_EQ(match.misfit, "");
  EXPECT_EQ(match.labels, (Numbers{2, 1}));
  EXPECT_NE(match_classes({"cow"}, {"bird", "dog"}, 2, {}).misfit.find("'cow'"), std::string::npos);
}

// Weights that do not say what their classes are.
TEST(ClassMatch, UnknownNamesMustBeAsMany) {
  EXPECT_EQ(match_classes({"cat", "dog"}, {}, 2, {}).misfit, "");
  const std::string misfit = match_classes({"cat", "dog"}, {}, 1000, {}).misfit;
  EXPECT_NE(misfit.find("2 classes"), std::string::npos) << misfit;
  EXPECT_NE(misfit.find("--label-map"), std::string::npos) << misfit;
  EXPECT_NE(match_classes({"cat"}, {}, 0, {}).misfit, "") << "no head";
}

// ImageNet-V2: "10" sorts before "2".
TEST(ClassMatch, NumbersInTheOrderOfWordsAreNotTakenAsTheyCome) {
  Names folders;
  for (int i = 0; i < 12; ++i) folders.push_back(std::to_string(i));
  std::sort(folders.begin(), folders.end());
  const std::string misfit = match_classes(folders, {}, 12, {}).misfit;
  EXPECT_NE(misfit.find("'11' before '2'"), std::string::npos) << misfit;
  EXPECT_NE(misfit.find("classes.by=index"), std::string::npos) << misfit;

  ClassesConfig by_index;
  by_index.by = ClassesConfig::By::kIndex;
  const ClassMatch match = match_classes(folders, {}, 12, by_index);
  EXPECT_EQ(match.misfit, "");
  EXPECT_EQ(match.labels, (Numbers{0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9}));
  expect_data_error([&] { match_classes({"12"}, {}, 12, by_index); }, {"'12'", "12 classes"});
  expect_data_error([&] { match_classes({"cat"}, {}, 12, by_index); }, {"'cat'"});
}

TEST(ClassMatch, MapsMayPutSeveralClassesIntoOne) {
  const TempDir dir;
  write_atomically(dir / "map.csv", "class,index\ncat,1\nkitten,1\ndog,0\n");
  ClassesConfig config;
  config.map = dir / "map.csv";
  const ClassMatch match = match_classes({"cat", "dog", "kitten"}, {"dogs", "cats"}, 2, config);
  EXPECT_EQ(match.labels, (Numbers{1, 0, 1}));
  EXPECT_EQ(match.names, (Names{"dogs", "cats"}));
  expect_data_error([&] { match_classes({"cow"}, {}, 2, config); }, {"'cow'", "map.csv"});
  expect_data_error([&] { match_classes({"cat"}, {}, 1, config); }, {"'cat'", "0 to 0"});
}

TEST(ClassMatch, ListsGiveTheModelsNames) {
  const TempDir dir;
  write_atomically(dir / "synsets.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish\n");
  ClassesConfig config;
  config.map = dir / "synsets.txt";
  const ClassMatch match = match_classes({"n01443537"}, {}, 2, config);
  EXPECT_EQ(match.labels, (Numbers{1}));
  EXPECT_EQ(match.names.at(1), "n01443537 goldfish");
  expect_data_error([&] { match_classes({"n01443537"}, {}, 3, config); }, {"2 classes", "3"});
}

TEST(EvaluationKeys, AreKnownByTheirFirstWord) {
  for (const char* key :
       {"few_shot.order=name", "few_shot={l2: [1]}", "knn.k=[5]", "classes.by=index"})
    EXPECT_TRUE(is_evaluation_key(key)) << key;
  for (const char* key : {"data.root=/x", "few=1", "knnn.k=1", "input.crop=1"})
    EXPECT_FALSE(is_evaluation_key(key)) << key;
}

}  // namespace
}  // namespace vit::test
