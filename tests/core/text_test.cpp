#include "vit/core/text.hpp"

#include <gtest/gtest.h>

namespace vit {
namespace {

using Words = std::vector<std::string>;

TEST(Text, FindsTheClosestName) {
  const std::vector<std::string> names = {"seed",    "schedule", "optimizer", "weight_decay",
                                          "vit_b16", "ViT-B/16", "lr",        "warmup"};
  EXPECT_EQ(closest("sede", names), "seed");
  EXPECT_EQ(closest("optimiser", names), "optimizer");
  EXPECT_EQ(closest("optimzer", names), "optimizer");
  EXPECT_EQ(closest("weigth_decay", names), "weight_decay");
  EXPECT_EQ(closest("weight-decay", names), "weight_decay");
  EXPECT_EQ(closest("vit-b-16", names), "ViT-B/16");
  EXPECT_EQ(closest("vit_b17", names), "vit_b16");
  EXPECT_EQ(closest("warm", names), "warmup");  // an abbreviation
  EXPECT_EQ(closest("decay", names), "weight_decay");
  EXPECT_EQ(closest("LR", names), "lr");
  EXPECT_EQ(closest("ls", names), "");  // too short to guess
  EXPECT_EQ(closest("momentum", names), "");
  EXPECT_EQ(closest("", names), "");
  EXPECT_EQ(closest(std::string(10'000, 'x'), names), "");
  EXPECT_EQ(closest("x", {}), "");
}

TEST(Text, JoinsWords) {
  const std::vector<std::string> words = {"a", "b", "c"};
  EXPECT_EQ(join_words(words), "a, b and c");
  EXPECT_EQ(join_words(std::span(words).first(2), "or"), "a or b");
  EXPECT_EQ(join_words(std::span(words).first(1)), "a");
  EXPECT_EQ(join_words({}), "");
  EXPECT_EQ(join(words, "-"), "a-b-c");
  EXPECT_EQ(join(std::vector<std::string>{"", ""}, "-"), "-");
}

TEST(Text, GroupsDigits) {
  const std::string gap = "\xE2\x80\x89";
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1" + gap + "000");
  EXPECT_EQ(grouped(1281167), "1" + gap + "281" + gap + "167");
  EXPECT_EQ(grouped(-123456), "-123" + gap + "456");
}

TEST(Text, PutsBytesAndSecondsIntoWords) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(1023.9), "1.0 KiB");
  EXPECT_EQ(human_bytes(14.0 * 1024 * 1024), "14.0 MiB");
  EXPECT_EQ(human_bytes(1.2 * 1024 * 1024 * 1024), "1.2 GiB");
  EXPECT_EQ(human_bytes(1024.0 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(human_duration(7), "0:07");
  EXPECT_EQ(human_duration(187.4), "3:07");
  EXPECT_EQ(human_duration(59.6), "1:00");
  EXPECT_EQ(human_duration(3723), "1:02:03");
  EXPECT_EQ(human_duration(-1), "0:00");
  EXPECT_EQ(human_duration(1e300), "-");
}

TEST(Text, SplitsLinesOfCsv) {
  EXPECT_EQ(csv_fields("a,b c,3"), (Words{"a", "b c", "3"}));
  EXPECT_EQ(csv_fields(""), Words{""});
  EXPECT_EQ(csv_fields(",a,"), (Words{"", "a", ""}));
  EXPECT_EQ(csv_fields("\"a,b\",\"say \"\"hi\"\"\",\"\""), (Words{"a,b", "say \"hi\"", ""}));
  EXPECT_EQ(csv_fields("a,b\tc\t\"d\te\"", '\t'), (Words{"a,b", "c", "d\te"}));
  EXPECT_EQ(csv_fields("a,\"b"), std::nullopt);
  EXPECT_EQ(csv_fields("\"\"\""), std::nullopt);
  const Words names = {"plain", "dog, small", "the \"cat\"", ""};
  Words fields;
  for (const std::string& name : names) fields.push_back(csv_field(name));
  EXPECT_EQ(csv_fields(join(fields, ",")), names);
}

TEST(Text, MeasuresColumns) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("\xC3\xA4\xE2\x94\x82"), 2);
  EXPECT_EQ(display_width(""), 0);
}

TEST(Text, MatchesGlobs) {
  EXPECT_TRUE(matches_glob("vit_b16", "vit_*"));
  EXPECT_TRUE(matches_glob("vit_b16", "*16"));
  EXPECT_TRUE(matches_glob("vit_b16", "v?t*b*"));
  EXPECT_TRUE(matches_glob("", "*"));
  EXPECT_TRUE(matches_glob("abcabd", "*abd"));
  EXPECT_FALSE(matches_glob("vit_b16", "vit"));
  EXPECT_FALSE(matches_glob("vit_b16", "b16"));
  EXPECT_FALSE(matches_glob("", "?"));
  EXPECT_FALSE(matches_glob(std::string(60, 'a'), "*a*a*a*a*a*a*a*a*b"));
}

}  // namespace
}  // namespace vit
