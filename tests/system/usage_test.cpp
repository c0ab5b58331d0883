// How the programs are called: help, suggestions, lists, shipped configurations, what wins.
#include "system.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Usage : public SystemTest {};

TEST_F(Usage, EveryProgramExplainsItself) {
  for (const char* program :
       {"vit-train", "vit-finetune", "vit-eval", "vit-predict", "vit-inspect", "vit-convert",
        "vit-models", "vit-pack", "vit-dedup", "vit-sweep", "vit-report", "vit-vtab"}) {
    const Outcome help = call(program, {"--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out, HasSubstr(program));
    const bool has_settings = program != std::string("vit-report");
    EXPECT_EQ(help.out.find("--set") != std::string::npos, has_settings) << program;
    EXPECT_EQ(help.err, "");
    const Outcome version = call(program, {"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_THAT(version.out, ContainsRegex("^vit [0-9]+\\.[0-9]+"));
    EXPECT_EQ(call("vit", {std::string(program).substr(4), "--version"}).out, version.out)
        << "vit NAME is vit-NAME";
  }
  for (const Words& words : {Words{"help"}, Words{"--help"}}) {
    const Outcome help = call("vit", words);
    EXPECT_EQ(help.exit_code, 0);
    for (const char* name : {"train", "finetune", "eval"}) EXPECT_THAT(help.out, HasSubstr(name));
  }
  EXPECT_EQ(call("vit", {}).exit_code, 2);
}

TEST_F(Usage, MisspelledWordsGetASuggestion) {
  const std::vector<std::tuple<std::string, Words, std::string>> cases = {
      {"vit", {"trian"}, "'train'"},
      {"vit-train", {"--confg", "smoke"}, "'--config'"},
      {"vit-train", {"--config", "smok"}, "'smoke'"},
      {"vit-train", {"--list", "optimisers"}, "'optimizers'"},
      {"vit-train",
       {"--config", "smoke", "--set", "optimizer.weigth_decay=1", "--check"},
       "'weight_decay'"},
      {"vit-train", {"--config", "smoke", "--set", "model.name=vit_b61", "--check"}, "'vit_b16'"},
      {"vit-eval", {"--rnu", "x"}, "'--run'"},
      {"vit-pack", {"data", "--otu", "x"}, "'--out'"},
      {"vit-bench", {"loader", "--dta", "x"}, "'--data'"},
      {"vit-finetune", {"--weihgts", "x"}, "'--weights'"}};
  for (const auto& [program, words, suggestion] : cases) {
    const Outcome outcome = call(program, words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome;
    EXPECT_THAT(outcome.err, HasSubstr("did you mean " + suggestion)) << program;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(Usage, UsageMistakesAreNamed) {
  const std::vector<std::tuple<std::string, Words, std::string>> cases = {
      {"vit-train", {}, "--config"},
      {"vit-train", {"--resume"}, "--run-dir"},
      {"vit-train", {"smoke"}, "smoke"},
      {"vit-train", {"--config", "smoke", "--set", "steps"}, "KEY=VALUE"},
      {"vit-train", {"--config", "smoke", "--print-config", "tiny"}, "minimal"},
      {"vit-train",
       {"--config", "smoke", "--run-dir", "r", "--resume", "--overwrite"},
       "--overwrite"},
      {"vit-finetune", {}, "--weights"},
      {"vit-eval", {}, "--run"},
      {"vit-eval", {"--run", "a", "--weights", "b"}, "--weights"}};
  for (const auto& [program, words, named] : cases) {
    const Outcome outcome = call(program, words);
    EXPECT_EQ(outcome.exit_code, 2) << program << testing::PrintToString(words) << outcome;
    EXPECT_THAT(outcome.err, StartsWith("error: "));
    EXPECT_THAT(outcome.err, HasSubstr(named));
    EXPECT_EQ(names_in(dir_.path()), Words{});
  }
}

TEST_F(Usage, EveryCatalogueIsListed) {
  const std::map<std::string, std::string> entries = {
      {"models", "ViT-B/16"},  {"datasets", "folder"},     {"transforms", "inception_crop"},
      {"optimizers", "adamw"}, {"schedules", "cosine"},    {"losses", "sigmoid"},
      {"averages", "polyak"},  {"label_rules", "nearest"}, {"objectives", "masked_patches"},
      {"mixes", "cutmix"},     {"mix", "mixup_or_cutmix"}, {"probes", "few_shot"}};
  for (const auto& [name, entry] : entries) {
    const Outcome outcome = call("vit-train", {"--list", name});
    EXPECT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_THAT(outcome.out, HasSubstr(entry));
  }
}

TEST_F(Usage, QuietAndVerboseChangeOnlyWhatIsSaid) {
  const Words arguments = smoke("run", {"steps=1 steps"});
  const Outcome quiet = call("vit-train", arguments + Words{"-q"});
  EXPECT_EQ(quiet.exit_code, 0);
  EXPECT_EQ(quiet.err, "");
  const Outcome verbose = call("vit-train", smoke("verbose", {"steps=1 steps"}) + Words{"-v"});
  EXPECT_EQ(verbose.exit_code, 0);
  EXPECT_THAT(verbose.err, HasSubstr("step 1/1"));
  EXPECT_EQ(checksum_in(dir_ / "run/checkpoints/last", "model.safetensors"),
            checksum_in(dir_ / "verbose/checkpoints/last", "model.safetensors"));
}

// That each of them is valid, tests/train/configs_test.cpp sees.
TEST_F(Usage, ShippedConfigurationsAreFoundByName) {
  const Words data = sets({"data={name: synthetic}"});
  const std::vector<Words> cases = {{"--config", "smoke"},
                                    {"--config", "pretrain/vit_b16_i1k"},
                                    {"--config", "pretrain/bit_l_r152x4.yaml"},
                                    Words{"--config", "finetune"} + data,
                                    Words{"--config", "finetune/flowers"} + data};
  for (const Words& words : cases) {
    const Outcome outcome = call("vit-train", words + Words{"--check"});
    EXPECT_EQ(outcome.exit_code, 0) << words[1] << outcome;
  }
  const Outcome misspelled = call("vit-train", {"--config", "pretrain/vit_b61_i1k", "--check"});
  EXPECT_EQ(misspelled.exit_code, 2);
  EXPECT_THAT(misspelled.err, HasSubstr("did you mean 'pretrain/vit_b16_i1k'?"));
}

TEST_F(Usage, LaterConfigurationsAndAssignmentsWin) {
  write_file(dir_ / "base.yaml",
             "extends: smoke\nsteps: 5 steps\nbatch: {examples: 8, accumulate: 1}\n");
  write_file(dir_ / "over.yaml", "steps: 6 steps\n");
  const Outcome both =
      call("vit-train", {"--config", "base.yaml", "--config", "over.yaml", "--print-config"});
  EXPECT_THAT(both.out, ContainsRegex("steps: 6 steps +# .*over.yaml:1"));
  EXPECT_THAT(both.out, ContainsRegex("examples: 8 +# .*base.yaml:3"));
  EXPECT_THAT(both.out, ContainsRegex("depth: 2 +# .*smoke.yaml"));
  const Outcome set = call("vit-train", {"--config", "base.yaml", "--set", "steps=7 steps",
                                         "--print-config", "minimal"});
  EXPECT_THAT(set.out, HasSubstr("steps: 7 steps"));
}

}  // namespace
}  // namespace vit::test
