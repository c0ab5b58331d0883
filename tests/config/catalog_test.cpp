#include "vit/config/catalog.hpp"

#include "config/sample_config.hpp"

#include <gtest/gtest.h>

namespace vit::config::sample {
namespace {

TEST(Catalog, ListsNamesPresetsAndAliases) {
  const auto& catalog = Optimizers::catalog();
  EXPECT_EQ(catalog.names(), (std::vector<std::string>{"adam", "adam_strong", "sgd"}));
  EXPECT_TRUE(catalog.contains("adamw"));
  EXPECT_TRUE(catalog.contains("SGD"));
  EXPECT_FALSE(catalog.contains("lion"));
  EXPECT_EQ(catalog.canonical("ADAM/s"), "adam_strong");
  EXPECT_EQ(catalog.help("adam_strong"), "For small data.");
  EXPECT_EQ(catalog.aliases("adam"), (std::vector<std::string>{"adamw"}));
  EXPECT_TRUE(catalog.is_preset("adam_strong"));
  EXPECT_FALSE(catalog.is_preset("adamw"));
  EXPECT_EQ(catalog.listing(),
            "adam (adamw)            Adam with decoupled decay.\n"
            "  adam_strong (Adam/S)  For small data.\n"
            "sgd                     Momentum SGD.\n");
  EXPECT_THROW(catalog.canonical("lion"), ConfigError);
}

TEST(Catalog, BuildsWithDefaults) {
  for (const std::string& name : Optimizers::catalog().names()) {
    const auto optimizer = Optimizers::catalog().make(name).build(1, "x");
    ASSERT_NE(optimizer, nullptr);
    EXPECT_EQ(optimizer->number, 1.9);
  }
}

TEST(Catalog, ExactNamesComeBeforeOtherCase) {
  Schedules::Catalog catalog("thing");
  const auto build = [](const LinearConfig&) { return std::make_unique<Schedule>(); };
  catalog.add<LinearConfig>("b16", "", build).alias("B/16");
  catalog.add<LinearConfig>("other", "", build).alias("b/16");
  EXPECT_EQ(catalog.canonical("b/16"), "other");
  EXPECT_EQ(catalog.canonical("B/16"), "b16");
  EXPECT_EQ(catalog.canonical("OTHER"), "other");
}

TEST(Catalog, RefusesNamesGivenTwice) {
  Schedules::Catalog catalog("thing");
  const auto build = [](const LinearConfig&) { return std::make_unique<Schedule>(); };
  catalog.add<LinearConfig>("a", "", build).alias("b");
  EXPECT_THROW(catalog.add<LinearConfig>("b", "", build), Error);
  EXPECT_THROW(catalog.add<LinearConfig>("c", "", build).preset("a", {}), Error);
  EXPECT_THROW(catalog.add<LinearConfig>("d", "", build).alias("d"), Error);
}

TEST(Component, IsLookedUpOnFirstUse) {
  Component<Optimizers> optimizer{"AdamW"};
  EXPECT_EQ(optimizer.name(), "adam");
  EXPECT_EQ(optimizer.entry_name(), "adam");
  EXPECT_EQ(optimizer.build(2, "text")->made_by, "adam text");
  Component<Optimizers> preset{"Adam/S"};
  EXPECT_EQ(preset.name(), "adam_strong");
  EXPECT_EQ(preset.entry_name(), "adam");
  EXPECT_EQ(preset.as<AdamConfig>()->weight_decay, 0.3);
  EXPECT_EQ(preset.as<SgdConfig>(), nullptr);
  EXPECT_EQ(preset.mutate<SgdConfig>(), nullptr);
  const Component<Optimizers> unknown{"adm"};
  try {
    unknown.build(1, "");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "unknown optimizer 'adm'; did you mean 'adam'?");
  }
  EXPECT_TRUE(Component<Optimizers>().empty());
  EXPECT_EQ(Component<Optimizers>().as<AdamConfig>(), nullptr);
  EXPECT_THROW(Component<Optimizers>().build(1, ""), Error);
  EXPECT_THROW((Component<Optimizers>{"adam", SgdConfig{}}.name()), Error);
}

TEST(Component, CopiesAreIndependent) {
  const Component<Optimizers> original{"adam"};
  EXPECT_EQ(original.name(), "adam");
  Component<Optimizers> copy = original;
  EXPECT_TRUE(copy == original);
  copy.mutate<AdamConfig>()->beta1 = 0.5;
  EXPECT_FALSE(copy == original);
  EXPECT_EQ(original.as<AdamConfig>()->beta1, 0.9);
  EXPECT_EQ(Optimizers::catalog().make("adam").as<AdamConfig>()->beta1, 0.9);
  // A preset's start is nobody's to change either.
  Component<Optimizers> preset{"adam_strong"};
  preset.mutate<AdamConfig>()->weight_decay = 9;
  EXPECT_EQ(Component<Optimizers>{"adam_strong"}.as<AdamConfig>()->weight_decay, 0.3);
  EXPECT_FALSE(Component<Optimizers>{"adam"} == Component<Optimizers>{"sgd"});
}

}  // namespace
}  // namespace vit::config::sample
