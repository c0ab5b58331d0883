// Parts of a configuration whose keys are the user's own.
#include "vit/config/reader.hpp"
#include "vit/config/reference.hpp"
#include "vit/config/writer.hpp"

#include <gtest/gtest.h>

namespace vit::config {
namespace {

struct Sample {
  Yaml set, axes;
  static constexpr auto describe() {
    return std::tuple{field<&Sample::set>("Keys."), field<&Sample::axes>("Axes.")};
  }
};

Sample read_text(const std::string& text) {
  return read<Sample>(Document::from_text(text, "a.yaml", "/folder"));
}

TEST(Yaml, KeepsKeysInTheirOrderWithTheirPlaces) {
  const Sample sample = read_text("axes:\n  schedule.lr: [0.01, 1e-2]\n  size: {s: {width: 64}}\n");
  EXPECT_EQ(sample.set.kind(), Yaml::Kind::kNothing);
  const auto axes = sample.axes.entries();
  ASSERT_EQ(axes.size(), 2U);
  EXPECT_EQ(axes[0].first, "schedule.lr");
  EXPECT_EQ(axes[0].second.origin().place, "a.yaml:2:3");
  EXPECT_EQ(axes[0].second.folder(), "/folder");
  ASSERT_EQ(axes[0].second.items().size(), 2U);
  EXPECT_EQ(axes[0].second.items()[1].scalar(), "1e-2");
  EXPECT_EQ(axes[1].second.entries()[0].second.text(), "{width: 64}");
}

// As one line that is the same value again: numbers stay numbers, text in quotes stays text.
TEST(Yaml, ReadsBackFromItsText) {
  for (const std::string& text :
       {"0.01", "-1.0e-3", "300 epochs", "\"0.01\"", "[1, 2, [3, null]]", "\"train[:90%]\"", "/a/b",
        "{name: ema, decay: 0.9, at: {a b.c: \"x, y\", z: []}}", "\"a\\\"b\"", "\"$${X}\"",
        "\"- a\""}) {
    const Sample sample = read_text("set: " + text);
    EXPECT_EQ(sample.set.text(), text);
    EXPECT_EQ(read_text(write(sample)).set.text(), text);
  }
  EXPECT_EQ(read_text("set: train[:90%]").set.text(), "\"train[:90%]\"") << "quoted where need be";
}

TEST(Yaml, LayersMerge) {
  Document document = Document::from_text("set: {a: 1, b: {name: x, w: 1}}", "a.yaml");
  document.overlay(Document::from_text("set: {b: {name: x, z: 2}, c: 3}", "b.yaml"));
  document.set("set.a=4");
  const Yaml set = read<Sample>(document).set;
  EXPECT_EQ(set.text(), "{a: 4, b: {name: x, z: 2, w: 1}, c: 3}");
  EXPECT_EQ(set.entries()[0].second.origin().place, "--set set.a=4");
}

TEST(Yaml, IsDescribedAndCompared) {
  EXPECT_NE(help_text<Sample>().find("[YAML]"), std::string::npos);
  EXPECT_NE(json_schema<Sample>("x").find(R"("set": {"description": "Keys."})"), std::string::npos);
  const auto changes = diff(read_text("set: {a: 1}"), read_text("set: {a: 2}"));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].new_text, "{a: 2}");
  EXPECT_EQ(write_minimal(Sample()), "{}\n");
}

}  // namespace
}  // namespace vit::config
