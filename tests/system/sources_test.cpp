// Training from a mixture and through a cache, with the built programs.
#include "system.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class Sources : public SystemTest {
 protected:
  // The weights a run ended with.
  std::string weights_of(const std::string& run_dir) const {
    return checksum_in(dir_ / run_dir / "checkpoints/last", "model.safetensors");
  }
};

TEST_F(Sources, TrainsFromAMixtureAndResumesAnywhere) {
  write_pets(6, {"train", "val"});
  write_file(dir_ / "mix.yaml",
             "extends: smoke\n"
             "log: {tensorboard: false, samples: false}\n"
             "data:\n"
             "  name: mixture\n"
             "  sources:\n"
             "    - {weight: 3, data: {name: folder, root: pets}}\n"
             "    - {weight: 1, validate: false,\n"
             "       data: {name: synthetic, size: 20, classes: 3, train_examples: 30}}\n");
  const auto train = [&](const std::string& folder, const Words& more) {
    return call("vit-train", Words{"--config", "mix.yaml", "--run-dir", folder} + more);
  };
  const Outcome whole = train("whole", {});
  ASSERT_EQ(whole.exit_code, 0) << whole;
  EXPECT_THAT(whole.err, HasSubstr("mixture   train 42 (train) · val 12 (val) · 5 classes"));
  EXPECT_THAT(whole.err, HasSubstr("data.sources.0: 12 examples are 75 % of training"));
  const Outcome stopped = train("cut", sets({"run.max_time=0.02 s", "loader.threads=1"}));
  ASSERT_THAT(stopped.exit_code, AnyOf(0, 75)) << stopped;
  const Outcome rest = train("cut", Words{"--resume", "auto"} + sets({"loader.threads=7"}));
  ASSERT_EQ(rest.exit_code, 0) << rest;
  EXPECT_EQ(weights_of("cut"), weights_of("whole"));
  const Outcome evaluated = call("vit-eval", {"--run", "whole"});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated;
}

TEST_F(Sources, TrainsThroughACacheAsWithoutOne) {
  write_pets(6, {"train", "val"});
  const auto train = [&](const std::string& folder, const Words& more) {
    const Words data = {"data.name=folder", "data.root=" + (dir_ / "pets").string()};
    return call("vit-train", smoke(folder, data + more));
  };
  const Outcome plain = train("plain", {});
  ASSERT_EQ(plain.exit_code, 0) << plain;
  EXPECT_THAT(plain.err, Not(HasSubstr("data.cache")));
  const std::string disk =
      "data.cache={name: disk, folder: '" + (dir_ / "kept").string() + "', limit: 1 GiB}";
  const std::vector<std::pair<std::string, Words>> runs = {
      {"ram", {"data.cache=ram"}}, {"disk", {disk}}, {"again", {disk, "loader.threads=5"}}};
  for (const auto& [folder, more] : runs) {
    const Outcome outcome = train(folder, more);
    ASSERT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_THAT(outcome.err, HasSubstr("data.cache: 24 of 24 pictures are kept in "));
    EXPECT_EQ(weights_of(folder), weights_of("plain")) << folder;
  }
  // Where pictures are kept may change when a run goes on.
  const Outcome resumed = train("plain", Words{"data.cache=ram", "steps=12 steps"});
  EXPECT_EQ(resumed.exit_code, 2) << "an existing run is not overwritten";
  EXPECT_EQ(
      call("vit-train", {"--run-dir", "plain", "--resume", "--set", "data.cache=ram"}).exit_code,
      0);
}

}  // namespace
}  // namespace vit::test
