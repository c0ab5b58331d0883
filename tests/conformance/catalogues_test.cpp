// What every entry and preset of every catalogue promises, whoever adds it: a help line, names of
// its own, a configuration that survives writing and reading, and defaults that pass their own
// checks.
#include "vit/train/catalogues.hpp"

#include "vit/config/reader.hpp"
#include "vit/config/writer.hpp"
#include "vit/data/label_rule.hpp"
#include "vit/train/run_config.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

namespace vit {
namespace {

template <class Tag>
struct Holder {
  config::Component<Tag> section;
  static constexpr auto describe() {
    return std::tuple{config::field<&Holder::section>("Any entry.")};
  }
};

template <class Tag>
class Catalogue : public testing::Test {};

using Tags =
    testing::Types<Models, Datasets, LabelRules, PictureCaches, Transforms, Mixes, Objectives,
                   Losses, Optimizers, Schedules, Averages, Probes, TrainingProbes>;
TYPED_TEST_SUITE(Catalogue, Tags);

// Data sets need a place, and some label rules a feature; any will do to read a configuration.
template <class Tag>
std::string required_keys(const std::string& name) {
  if constexpr (std::is_same_v<Tag, Datasets>) {
    if (name == "mixture") return ", sources: [{data: synthetic}]";
    return name == "synthetic" ? "" : ", root: /nowhere";
  }
  if constexpr (std::is_same_v<Tag, LabelRules>) {
    if (name == "bins") return ", values: 4, bins: 2";
    if (name == "count") return ", feature: a";
    if (name == "nearest") return ", feature: a, edges: [0]";
  }
  return "";
}

TYPED_TEST(Catalogue, EveryNameHasHelpAndIsUnique) {
  std::set<std::string> seen;
  for (const std::string& name : TypeParam::catalog().names()) {
    EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_EQ(TypeParam::catalog().canonical(name), name);
    for (const std::string& alias : TypeParam::catalog().aliases(name)) {
      EXPECT_TRUE(seen.insert(alias).second) << alias;
      EXPECT_EQ(TypeParam::catalog().canonical(alias), name);
    }
    if (!TypeParam::catalog().is_preset(name)) {
      EXPECT_FALSE(TypeParam::catalog().help(name).empty()) << name;
    }
  }
  EXPECT_FALSE(seen.empty());
}

TYPED_TEST(Catalogue, EveryNameSurvivesWritingAndReading) {
  for (const std::string& name : TypeParam::catalog().names()) {
    SCOPED_TRACE(name);
    const std::string text = "section: {name: " + name + required_keys<TypeParam>(name) + "}";
    const auto first = config::read<Holder<TypeParam>>(config::Document::from_text(text, "test"));
    const std::string written = config::write(first);
    const auto second =
        config::read<Holder<TypeParam>>(config::Document::from_text(written, "again"));
    EXPECT_EQ(config::write(second), written);
    EXPECT_EQ(second.section.name(), name);
  }
}

TYPED_TEST(Catalogue, EveryNameIsListedAndDocumented) {
  const std::string listing = TypeParam::catalog().listing(), reference = configuration_reference();
  for (const std::string& name : TypeParam::catalog().names()) {
    EXPECT_NE(listing.find(name), std::string::npos) << name;
    EXPECT_NE(reference.find(name), std::string::npos) << name;
  }
}

TEST(CatalogueNames, AreThoseTheProgramsList) {
  for (const std::string& name : catalogue_names())
    EXPECT_FALSE(list_catalogue(name).empty()) << name;
  EXPECT_THROW(list_catalogue("optimisers"), ConfigError);
}

}  // namespace
}  // namespace vit
