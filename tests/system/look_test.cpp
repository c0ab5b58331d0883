// vit-predict and vit-inspect: what they print and draw, and what they say when they cannot.
#include "support/golden.hpp"
#include "system.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

// A run of a tiny ViT with two classes by name, made once; tests only read it.
class CatsAndDogs : public SystemTest {
 protected:
  CatsAndDogs() { write_pets(); }

  static const fs::path& run_dir() {
    static const TempDir place;
    static const fs::path run = [] {
      const fs::path pets = place / "pets";
      for (int i = 0; i < 6; ++i) {
        write_file(pets / "cat" / (std::to_string(i) + ".png"), png(18, 20, 200, 20));
        write_file(pets / "dog" / (std::to_string(i) + ".png"), png(20, 18, 20, 200));
      }
      const Outcome outcome = test::run(
          {"vit-train",
           smoke(place / "run", {"data={name: folder, root: '" + pets.string() + "'}",
                                 "steps=2 steps", "batch={examples: 4, accumulate: 1}",
                                 "schedule.warmup=1 steps", "model.head_zero_init=false"}),
           place.path(),
           {}});
      EXPECT_EQ(outcome.exit_code, 0) << outcome;
      return place / "run";
    }();
    return run;
  }

  Outcome predict(const Words& words) const {
    return call("vit-predict", Words{"--run", run_dir().string()} + words);
  }
  std::string golden(const std::string& file) const { return (golden_dir() / file).string(); }
};

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST_F(CatsAndDogs, PredictsFilesAndFoldersInTheirOrder) {
  const Outcome csv = predict({"pets/dog/3.png", "pets/cat", "--format", "csv", "--top", "1"});
  ASSERT_EQ(csv.exit_code, 0) << csv;
  const Words lines = lines_of(csv.out);
  ASSERT_EQ(lines.size(), 8U) << csv;
  EXPECT_EQ(lines[0], "file,rank,prediction,class,probability");
  EXPECT_THAT(lines[1], StartsWith("pets/dog/3.png,1,"));
  EXPECT_THAT(lines[2], StartsWith("pets/cat/0.png,1,"));
  EXPECT_THAT(lines[7], StartsWith("pets/cat/5.png,1,"));

  // The same as vit-eval, which has other images in the batch.
  const Outcome eval = call("vit-eval", {"--run", run_dir().string(), "--data", "pets", "--split",
                                         "train", "--predictions", "eval.csv"});
  ASSERT_EQ(eval.exit_code, 0) << eval;
  const std::string evaluated = lines_of(read_file(dir_ / "eval.csv")).at(1);
  EXPECT_THAT(evaluated, StartsWith("cat/0.png,0,"));
  const auto last_field = [](const std::string& line) {
    return std::stod(line.substr(line.rfind(',') + 1));
  };
  EXPECT_NEAR(last_field(lines[2]), last_field(evaluated), 1e-5);
}

TEST_F(CatsAndDogs, PredictionsHaveThreeForms) {
  const Outcome table = predict({"pets", "--logits", "logits.safetensors"});
  ASSERT_EQ(table.exit_code, 0) << table;
  EXPECT_THAT(table.out, AllOf(HasSubstr("12 images"), HasSubstr("cat/0.png"),
                               HasSubstr("dog/5.png"), Not(HasSubstr("pets/cat"))));
  const std::string logits = read_file(dir_ / "logits.safetensors");
  EXPECT_THAT(logits, AllOf(HasSubstr("\"shape\":[12,2]"), HasSubstr("pets/dog/5.png")));

  write_file(dir_ / "names.txt", "n02121808 domestic cat, house cat\nn02084071 dog\n");
  const Outcome jsonl =
      predict({"pets/cat/1.png", "--format", "jsonl", "--labels", "names.txt", "--top", "2"});
  ASSERT_EQ(jsonl.exit_code, 0) << jsonl;
  const Json line = Json::parse(jsonl.out, nullptr, false);
  ASSERT_EQ(line.at("predictions").size(), 2U);
  double sum = 0;
  Words names;
  for (const Json& guess : line.at("predictions")) {
    sum += guess.at("probability").get<double>();
    names.push_back(guess.at("class"));
  }
  EXPECT_NEAR(sum, 1, 1e-6);
  EXPECT_THAT(names, testing::UnorderedElementsAre("domestic cat, house cat", "dog"));
}

TEST_F(CatsAndDogs, WhatCannotBeReadIsNamedAndTheOthersArePredicted) {
  write_file(dir_ / "pets/cat/bad.png", "no picture at all");
  const Outcome outcome = predict({"pets", "--format", "csv", "--top", "1", "--attention", "maps"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  EXPECT_EQ(lines_of(outcome.out).size(), 13U);
  EXPECT_THAT(outcome.out, Not(HasSubstr("bad.png")));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("error: 1 of 13 images"), HasSubstr("bad.png")));
  EXPECT_EQ(names_in(dir_ / "maps").size(), 12U);
  EXPECT_THAT(names_in(dir_ / "maps"), IsSupersetOf({"cat_0.png", "dog_5.png"}));

  const Outcome nothing = predict({"pets/cat/bad.png"});
  EXPECT_EQ(nothing.exit_code, 3);
  EXPECT_EQ(nothing.out, "");
}

TEST_F(CatsAndDogs, MistakesOfPredictionHaveAWord) {
  write_file(dir_ / "empty/readme.txt", "nothing");
  write_file(dir_ / "names.txt", "one\ntwo\nthree\n");
  struct Mistake {
    Words words;
    int code;
    std::string said;
  };
  const std::vector<Mistake> mistakes = {
      {{}, 2, "needs images"},
      {{"pets", "--top", "0"}, 2, "--top 0"},
      {{"pets", "--top", "3"}, 2, "2 classes"},
      {{"pets", "--format", "xml"}, 2, "xml"},
      {{"pets/cat/0.png", "pets/cat/17.png"}, 3, "'pets/cat/17.png'"},
      {{"empty"}, 3, "readme.txt"},
      {{"pets", "--labels", "names.txt"}, 3, "3 lines"},
      {{"pets", "--logits", "nowhere/l.safetensors"}, 3, "nowhere"},
      {{"pets", "--attention", "names.txt"}, 3, "names.txt"},
      {{"pets", "--model", "vit_b61", "--weights", "x"}, 2, "either --run"},
  };
  for (const Mistake& mistake : mistakes) {
    const Outcome outcome = predict(mistake.words);
    EXPECT_EQ(outcome.exit_code, mistake.code) << mistake.said << "\n" << outcome;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("error: "), HasSubstr(mistake.said)));
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_FALSE(fs::exists(dir_ / "nowhere"));
  const Outcome unfit =
      call("vit-predict", {"pets", "--model", "vit_s16", "--weights", golden("npz/vit_token.npz")});
  EXPECT_EQ(unfit.exit_code, 4) << unfit;
  const Outcome blind = call("vit-predict", {"pets", "--attention", "maps", "--weights",
                                             golden("npz/bit_v2_two_stages.npz")});
  EXPECT_EQ(blind.exit_code, 2) << blind;
  EXPECT_THAT(blind.err, HasSubstr("no attention"));
  EXPECT_FALSE(fs::exists(dir_ / "maps"));
}

TEST_F(CatsAndDogs, InspectionOfARunLooksAtItsValidationImages) {
  const Outcome outcome =
      call("vit-inspect", {"--run", run_dir().string(), "--out", "in", "--pictures", "1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(names_in(dir_ / "in"),
            (Words{"attention", "distance.svg", "filters.png", "inspect.json",
                   "inspect.safetensors", "positions.png", "rollout"}));
  for (const char* name : {"filters.png", "positions.png"})
    EXPECT_THAT(read_file(dir_ / "in" / name), StartsWith("\x89PNG"));
  EXPECT_EQ(names_in(dir_ / "in/rollout").size(), 1U);
  EXPECT_EQ(names_in(dir_ / "in/attention").size(), 2U) << "two layers";
  const Json json = json_file(dir_ / "in/inspect.json");
  EXPECT_EQ(json.at("filters").at("components"), 28);
  EXPECT_EQ(json.at("positions").at("grid"), Json({4, 4}));
  const Json& distance = json.at("attention").at("distance_px");
  ASSERT_EQ(distance.size(), 2U);
  ASSERT_EQ(distance[0].size(), 2U);
  EXPECT_GT(distance[0][0].get<double>(), 0);
  EXPECT_LT(distance[0][0].get<double>(), 16);
  EXPECT_EQ(json.at("missing"), Json::array());
  const std::string svg = read_file(dir_ / "in/distance.svg");
  EXPECT_THAT(svg, AllOf(StartsWith("<svg"), HasSubstr("layer 1, head 1")));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("distance.svg"), HasSubstr("pos_embed")));
}

TEST_F(CatsAndDogs, InspectionSaysWhatANetworkDoesNotHave) {
  const auto look = [&](const std::string& weights, const Words& words) {
    return call("vit-inspect", Words{"--weights", golden(weights), "--out", "in"} + words);
  };
  const Outcome resnet = look("npz/bit_v2_two_stages.npz", {"--images", "pets"});
  EXPECT_EQ(resnet.exit_code, 0) << resnet;
  EXPECT_EQ(names_in(dir_ / "in"), (Words{"filters.png", "inspect.json", "inspect.safetensors"}));
  EXPECT_THAT(resnet.out, AllOf(HasSubstr("stem.conv.weight"), HasSubstr("no attention")));

  const Outcome alone = look("npz/hybrid.npz", {});
  EXPECT_EQ(alone.exit_code, 0) << alone;
  EXPECT_THAT(alone.out,
              AllOf(HasSubstr("patch_embed.backbone.stem.conv.weight"), HasSubstr("--images")));

  const Outcome pooled = look("npz/vit_gap.npz", {"--images", "pets/cat", "--pictures", "0"});
  EXPECT_EQ(pooled.exit_code, 0) << pooled;
  EXPECT_THAT(pooled.out, HasSubstr("no class token"));
  EXPECT_EQ(json_file(dir_ / "in/inspect.json").at("attention").at("viewer"), "mean over patches");
}

TEST_F(CatsAndDogs, MistakesOfInspectionHaveAWord) {
  const std::string weights = golden("npz/vit_token.npz");
  const std::vector<std::tuple<Words, int, std::string>> mistakes = {
      {{"--weights", weights}, 2, "--out"},
      {{"--weights", weights, "--out", "in", "--count", "0"}, 2, "--count"},
      {{"--weights", weights, "--out", "in", "--images", "nowhere"}, 3, "nowhere"},
      {{"--weights", weights, "--out", "pets/cat/0.png"}, 3, "pets/cat/0.png"},
      {{"--weights", weights, "--out", "in", "--model", "vit_b61"}, 2, "vit_b16"},
      {{"--weights", "nowhere.npz", "--out", "in"}, 4, "nowhere.npz"},
  };
  for (const auto& [words, code, said] : mistakes) {
    const Outcome outcome = call("vit-inspect", words);
    EXPECT_EQ(outcome.exit_code, code) << outcome;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("error: "), HasSubstr(said)));
    EXPECT_FALSE(fs::exists(dir_ / "in"));
  }
  write_file(dir_ / "pets/cat/bad.png", "no picture at all");
  const Outcome partly = call(
      "vit-inspect", {"--weights", weights, "--out", "in", "--images", "pets", "--pictures", "0"});
  EXPECT_EQ(partly.exit_code, 3) << partly;
  EXPECT_THAT(partly.err, HasSubstr("bad.png"));
  EXPECT_EQ(json_file(dir_ / "in/inspect.json").at("attention").at("images"), 12);
}

}  // namespace
}  // namespace vit::test
