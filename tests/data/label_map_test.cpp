#include "vit/data/label_map.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vit::test {
namespace {

class LabelMaps : public testing::Test {
 protected:
  LabelMap read(const std::string& text) const {
    write_atomically(dir_ / "map.csv", text);
    return read_label_map(dir_ / "map.csv");
  }
  void expect_refused(const std::string& text, const std::string& word) const {
    try {
      read(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  }

  const TempDir dir_;
};

TEST_F(LabelMaps, TablesMapClassesToNumbers) {
  const LabelMap map = read("class,index\ncat, 281\r\n\"big cat, wild\",286\nkitten,281\n");
  EXPECT_TRUE(map.model_classes.empty());
  EXPECT_EQ(map.index_of.size(), 3U);
  EXPECT_EQ(map.index_of.at("cat"), 281);
  EXPECT_EQ(map.index_of.at("kitten"), 281) << "several to one";
  EXPECT_EQ(map.index_of.at("big cat, wild"), 286);
}

TEST_F(LabelMaps, ListsNameTheClassesOfTheModel) {
  const LabelMap map = read("n01440764 tench, Tinca tinca\nn01443537 goldfish\nhot dog\n\n");
  EXPECT_EQ(map.model_classes, (std::vector<std::string>{"n01440764 tench, Tinca tinca",
                                                         "n01443537 goldfish", "hot dog"}));
  EXPECT_EQ(map.index_of.at("n01443537"), 1);
  EXPECT_EQ(map.index_of.at("n01443537 goldfish"), 1);
  EXPECT_EQ(map.index_of.at("hot dog"), 2);
  EXPECT_FALSE(map.index_of.contains("hot"));
}

TEST_F(LabelMaps, BadLinesAreNamed) {
  expect_refused("class,index\ncat,one\n", "map.csv:2");
  expect_refused("class,index\ncat\n", "map.csv:2");
  expect_refused("class,index\ncat,1\ncat,2\n", "map.csv:3");
  expect_refused("cat\ndog\ncat\n", "map.csv:3");
  expect_refused("class,index\ncat,-1\n", "-1");
  expect_refused("\n\n", "names no class");
  EXPECT_THROW(read_label_map(dir_ / "nowhere.csv"), DataError);
}

TEST(ClassNumbers, AreWholeNumbersOnly) {
  EXPECT_EQ(class_number("17"), 17);
  EXPECT_EQ(class_number("017"), 17);
  for (const char* name : {"", "-1", "1.5", "n01440764", "1 ", "99999999999999999999"})
    EXPECT_FALSE(class_number(name).has_value()) << name;
}

TEST(ClassNumbers, OutOfOrderIsNoticed) {
  EXPECT_EQ(first_out_of_order({"0", "1", "10", "2"}), 2U);
  EXPECT_EQ(first_out_of_order({"00", "01", "02", "10"}), std::nullopt);
  EXPECT_EQ(first_out_of_order({"10", "2", "cat"}), std::nullopt);
}

}  // namespace
}  // namespace vit::test
