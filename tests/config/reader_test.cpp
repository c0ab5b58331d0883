#include "config/sample_config.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace vit::config::sample {
namespace {

std::string one(const std::string& problem) {
  return "1 problem in the configuration\n  " + problem;
}

TEST(Reader, GivesDefaultsForAnEmptyDocument) {
  EXPECT_EQ(write(read<RunConfig>(Document())), write(defaults()));
  EXPECT_EQ(write(read_text("# only a comment\n")), write(defaults()));
}

TEST(Reader, ReadsEveryKindOfMember) {
  const RunConfig run = read_text(R"yaml(
seed: -3
device: cuda
precision: bf16
steps: 90ep
image: [192, 160]
batch: {examples: 64, accumulate: 4}
root: /data
input: {mean: [0.1, 0.2, 1], resize: none}
augment: [flip, {name: crop, size: 96x64, scale: [0.2, 1]}]
parameters:
  - {match: "(bias|norm)", decay: 0}
  - match: .*
tags: [a, 1, true]
pauses: [10%, 2 hours]
optimizer: {name: SGD, momentum: 0.5, nesterov: true}
schedule: {name: cosine, lr: 1e-4, warmup: 500 steps, cycles: 2}
clip: null
extra_rule: {match: x}
)yaml");
  EXPECT_EQ(run.seed, -3);
  EXPECT_EQ(run.device, "cuda");
  EXPECT_EQ(run.precision, Precision::kBf16);
  EXPECT_EQ(run.steps, Duration::epochs(90));
  EXPECT_EQ(run.image, (Extent{192, 160}));
  EXPECT_EQ(run.batch.examples, 64);
  EXPECT_EQ(run.batch.accumulate, 4);
  EXPECT_EQ(run.root, "/data");
  EXPECT_EQ(run.input.mean, (std::vector<double>{0.1, 0.2, 1.0}));
  EXPECT_EQ(run.input.resize, InputConfig::Resize::kNone);
  ASSERT_EQ(run.augment.size(), 2U);
  EXPECT_EQ(run.augment[0].name(), "flip");
  ASSERT_NE(run.augment[1].as<CropConfig>(), nullptr);
  EXPECT_EQ(run.augment[1].as<CropConfig>()->size, (Extent{96, 64}));
  ASSERT_EQ(run.parameters.size(), 2U);
  EXPECT_EQ(run.parameters[0].match, "(bias|norm)");
  EXPECT_EQ(run.parameters[0].decay, 0.0);
  EXPECT_EQ(run.tags, (std::vector<std::string>{"a", "1", "true"}));
  EXPECT_EQ(run.pauses, (std::vector{Duration::percent(10), Duration::seconds(7200)}));
  ASSERT_NE(run.optimizer.as<SgdConfig>(), nullptr);
  EXPECT_EQ(run.optimizer.as<AdamConfig>(), nullptr);
  EXPECT_EQ(run.optimizer.as<SgdConfig>()->momentum, 0.5);
  EXPECT_EQ(run.schedule.common().lr, 1e-4);
  EXPECT_EQ(run.schedule.common().warmup, Duration::steps(500));
  EXPECT_EQ(run.schedule.as<CosineConfig>()->cycles, 2);
  EXPECT_FALSE(run.clip.has_value());
  ASSERT_TRUE(run.extra_rule.has_value());
  EXPECT_EQ(run.extra_rule->match, "x");
}

TEST(Reader, ReportsAllProblemsAtOnce) {
  const std::string text =
      "sede: 1\n"
      "batch:\n"
      "  examples: -5\n"
      "input:\n"
      "  resize: sqash\n"
      "schedule:\n"
      "  lr: fast\n"
      "optimizer:\n"
      "  weight_decy: 0.1\n";
  EXPECT_EQ(errors_of(text, {"optimizer.lr=1"}),
            "6 problems in the configuration\n"
            "  my.yaml:1:1: sede: unknown key; did you mean 'seed'?\n"
            "  my.yaml:3:3: batch.examples: must be > 0, got -5\n"
            "  my.yaml:5:3: input.resize: expected 'shorter', 'squash' or 'none', got 'sqash'; did "
            "you mean 'squash'?\n"
            "  my.yaml:7:3: schedule.lr: expected float, got 'fast'\n"
            "  my.yaml:9:3: optimizer.weight_decy: unknown key; did you mean 'weight_decay'?\n"
            "  --set optimizer.lr=1: optimizer.lr: unknown key; did you mean 'schedule.lr'?");
}

TEST(Reader, ShowsTheLineOnDemand) {
  try {
    read_text("seed: 1\noptimizer:\n  weigth_decay: 0.1\n");
    FAIL() << "accepted";
  } catch (const InvalidConfig& error) {
    EXPECT_EQ(error.code(), ExitCode::kConfig);
    EXPECT_EQ(error.problems().detailed_text(),
              "1 problem in the configuration\n"
              "  my.yaml:3:3: optimizer.weigth_decay: unknown key; did you mean 'weight_decay'?\n"
              "     3 |   weigth_decay: 0.1\n"
              "       |   ^\n"
              "  all keys of this section: vit-train --help-config optimizer");
  }
}

struct BadValue {
  const char* text;
  const char* problem;
};
class BadValues : public testing::TestWithParam<BadValue> {};

TEST_P(BadValues, IsRefusedInWords) {
  EXPECT_EQ(errors_of(GetParam().text), one(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Types, BadValues,
    testing::Values(
        BadValue{"seed: 1.5", "my.yaml:1:1: seed: expected int, got '1.5'"},
        BadValue{"seed: 1e4", "my.yaml:1:1: seed: expected int, got '1e4'; write 10000"},
        BadValue{"seed: 99999999999999999999",
                 "my.yaml:1:1: seed: expected int, got '99999999999999999999', which is too large"},
        BadValue{"seed: '1'", "my.yaml:1:1: seed: expected int, got the text '1' in quotes"},
        BadValue{"seed: [1]", "my.yaml:1:1: seed: expected int, got a list"},
        BadValue{"seed: {a: 1}", "my.yaml:1:1: seed: expected int, got keys and values"},
        BadValue{"schedule: {lr: .nan}", "my.yaml:1:12: schedule.lr: expected float, got '.nan'"},
        BadValue{"schedule: {lr: inf}", "my.yaml:1:12: schedule.lr: expected float, got 'inf'"},
        BadValue{"schedule: {lr: 1e999}",
                 "my.yaml:1:12: schedule.lr: expected float, got '1e999', which is not a finite "
                 "number"},
        BadValue{"optimizer: {name: sgd, nesterov: maybe}",
                 "my.yaml:1:24: optimizer.nesterov: expected bool, got 'maybe'"},
        BadValue{"optimizer: {name: sgd, nesterov: yes}",
                 "my.yaml:1:24: optimizer.nesterov: expected bool, got 'yes'; write true"},
        BadValue{"steps: 300",
                 "my.yaml:1:1: steps: expected a number and a unit such as '300 epochs', '10000 "
                 "steps', '5 percent' or '2 hours', got '300'"},
        BadValue{"steps: -1 epochs",
                 "my.yaml:1:1: steps: a length of time cannot be negative, got '-1 epochs'"},
        BadValue{"steps: 0 epochs", "my.yaml:1:1: steps: must be > 0, got 0 epochs"},
        BadValue{"image: [1, 2, 3]",
                 "my.yaml:1:1: image: expected a size such as 224 or [height, width], got a list"},
        BadValue{"image: [224, 0]", "my.yaml:1:1: image: must be > 0, got [224, 0]"},
        BadValue{"input: {mean: 0.5}",
                 "my.yaml:1:9: input.mean: expected a list, got '0.5'; write [0.5]"},
        BadValue{"input: {mean: []}", "my.yaml:1:9: input.mean: must not be an empty list"},
        BadValue{"input: {mean: [0.5, x]}", "my.yaml:1:21: input.mean.1: expected float, got 'x'"},
        BadValue{"input: {mean: [0.5, ]}\ntags: [a,\n b, ~]",
                 "my.yaml:3:5: tags.2: an empty element"},
        BadValue{"input: 7", "my.yaml:1:1: input: expected keys and values, got '7'"},
        BadValue{"cache: rma",
                 "my.yaml:1:1: cache: must be 'none', 'ram' or 'disk', got 'rma'; "
                 "did you mean 'ram'?"},
        BadValue{"clip: -1", "my.yaml:1:1: clip: must be > 0, got -1"},
        BadValue{"batch: {examples: 10, accumulate: 3}",
                 "my.yaml:1:23: batch.accumulate: must divide examples"},
        BadValue{"optimizer: {beta1: 1.5}",
                 "my.yaml:1:13: optimizer.beta1: must be between 0 and 1, got 1.5"},
        BadValue{"optimizer: {beta2: 0.5}", "my.yaml:1:1: optimizer.beta1: must be below beta2"},
        BadValue{"schedule: {lr: 1000}", "my.yaml:1:12: schedule.lr: is not a learning rate"},
        BadValue{"parameters: [{decay: 1}]", "my.yaml:1:14: parameters.0.match: must be given"},
        BadValue{"augment: [{name: crop, scale: [2]}]",
                 "my.yaml:1:24: augment.0.scale: must be between 0 and 1, got 2"}));

INSTANTIATE_TEST_SUITE_P(
    Names, BadValues,
    testing::Values(
        BadValue{"optimizer: {name: adm}",
                 "my.yaml:1:13: optimizer.name: unknown optimizer 'adm'; did you mean 'adam'?"},
        BadValue{"optimizer: lbfgs",
                 "my.yaml:1:1: optimizer: unknown optimizer 'lbfgs'; there are adam, adam_strong, "
                 "sgd"},
        BadValue{"optimizer: [adam]",
                 "my.yaml:1:1: optimizer: expected a name or keys and values, got a list"},
        BadValue{"optimizer: {name: [adam]}",
                 "my.yaml:1:13: optimizer.name: expected a name, got a list"},
        BadValue{"augment: [{size: 3}]",
                 "my.yaml:1:11: augment.0.name: must be given; one of 'crop', 'flip' or 'one_of'"},
        BadValue{"optimizer: {momentum: 0.9}",
                 "my.yaml:1:13: optimizer.momentum: unknown key; optimizer 'adam' does not have "
                 "it, 'sgd' does"},
        BadValue{"lr: 1", "my.yaml:1:1: lr: unknown key; did you mean 'schedule.lr'?"},
        BadValue{"batch: {warm_up: 1}",
                 "my.yaml:1:9: batch.warm_up: unknown key; did you mean 'schedule.warmup'?"},
        BadValue{"schedule.lr: 1",
                 "my.yaml:1:1: schedule.lr: unknown key; nest it: schedule: {lr: ...}"},
        BadValue{"optimzer: {name: sgd}",
                 "my.yaml:1:1: optimzer: unknown key; did you mean 'optimizer'?"},
        BadValue{"batch: {zzz: 1}",
                 "my.yaml:1:9: batch.zzz: unknown key; there are examples and accumulate"}));

INSTANTIATE_TEST_SUITE_P(
    Yaml, BadValues,
    testing::Values(
        BadValue{"seed: 1\nseed: 2", "my.yaml:2:1: seed: given twice, first in line 1"},
        BadValue{"batch: {examples: 1, examples: 2}",
                 "my.yaml:1:22: batch.examples: given twice, first in line 1"},
        BadValue{"batch:\n\texamples: 1",
                 "my.yaml:2:1: a tab in the indentation: YAML wants spaces"},
        BadValue{"seed: 1\n---\nseed: 2",
                 "my.yaml:2:1: a second document starts here: a configuration is one document"},
        BadValue{"- seed", "my.yaml:1:1: expected keys and values, got a list"},
        BadValue{"seed", "my.yaml:1:1: expected keys and values, got 'seed'"},
        BadValue{"batch: {<<: {examples: 1}}",
                 "my.yaml:1:9: batch.<<: merge keys are not read: use `extends: FILE`"},
        BadValue{
            "? [a]\n: 1",
            "my.yaml:1:3: a key is a plain word, not a list or a map; or a bracket is not closed"},
        BadValue{"device: !secret x",
                 "my.yaml:1:9: device: YAML tags such as '!secret' mean "
                 "nothing here"},
        BadValue{"device: ${VIT_TEST_UNSET}",
                 "my.yaml:1:1: device: the environment variable VIT_TEST_UNSET is not set; "
                 "${VIT_TEST_UNSET:-VALUE} gives a default"},
        BadValue{"device: \"${a b}\"",
                 "my.yaml:1:1: device: 'a b' is not the name of a variable (a plain ${ is written "
                 "$${)"},
        BadValue{"device: a\xFF", "my.yaml: is not UTF-8 text (byte 0xff in line 1)"}));

TEST(Reader, ReportsSyntaxErrorsWithTheirPlace) {
  EXPECT_TRUE(errors_of("batch: {examples: 1\nseed: 2\n")
                  .starts_with("1 problem in the configuration\n  my.yaml:"));
  EXPECT_NE(errors_of("a: b: c\n").find("my.yaml:1:5: not valid YAML: "), std::string::npos);
  const std::string zero("device: a\0b", 11);
  EXPECT_EQ(errors_of(zero), one("my.yaml: holds a zero byte in line 1: not a text file"));
}

TEST(Reader, KeepsGoingAfterDuplicatesAndUnsetVariables) {
  const std::string text = "seed: 1\nseed: 2\ndevice: ${VIT_TEST_UNSET}\nnosuch_key_at_all: 1\n";
  EXPECT_TRUE(errors_of(text).starts_with("3 problems"));
}

TEST(Reader, SurvivesDeepAndLargeInput) {
  EXPECT_NE(errors_of("tags: " + std::string(100'000, '[')), "");
  EXPECT_NE(errors_of("tags: " + std::string(200, '[') + std::string(200, ']')), "");
  std::string indented;
  for (size_t i = 0; i < 2'000; ++i) indented += std::string(i, ' ') + "a:\n";
  EXPECT_NE(errors_of(indented), "");
  // Nine levels of nine aliases each.
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    std::string before = fmt::format("*a{}", i - 1);
    for (int k = 0; k < 8; ++k) before += fmt::format(", *a{}", i - 1);
    laughs += fmt::format("a{0}: &a{0} [{1}]\n", i, before);
  }
  EXPECT_NE(errors_of(laughs).find("too many values"), std::string::npos);
  EXPECT_NE(errors_of("tags: &t [*t]\n"), "");
}

TEST(Reader, ReadsAliasesAndQuotedText) {
  const RunConfig run =
      read_text("device: &d \"a: b\"\ncache: ram\ntags: [*d, 'it''s', !!str 5]\n");
  EXPECT_EQ(run.tags, (std::vector<std::string>{"a: b", "it's", "5"}));
}

TEST(Reader, ExpandsVariables) {
  setenv("VIT_TEST_COUNT", "12", 1);
  unsetenv("VIT_TEST_UNSET");
  const RunConfig run = read_text(
      "seed: ${VIT_TEST_COUNT}\n"
      "device: \"x${VIT_TEST_COUNT}y${VIT_TEST_UNSET:-z${VIT_TEST_COUNT}}\"\n"
      "tags: [\"$${VIT_TEST_COUNT}\", \"(bias$)\", \"$$\"]\n",
      {"batch.examples=${VIT_TEST_COUNT}"});
  EXPECT_EQ(run.seed, 12);
  EXPECT_EQ(run.device, "x12yz12");
  EXPECT_EQ(run.tags, (std::vector<std::string>{"${VIT_TEST_COUNT}", "(bias$)", "$$"}));
  EXPECT_EQ(run.batch.examples, 12);
}

TEST(Reader, StartsFromAGivenValue) {
  RunConfig initial;
  initial.seed = 5;
  initial.optimizer = Component<Optimizers>("adam", AdamConfig{.beta1 = 0.5});
  initial.schedule.common().lr = 0.25;
  const RunConfig run =
      read<RunConfig>(Document::from_text("optimizer: {weight_decay: 0.2}", "a.yaml"), initial);
  EXPECT_EQ(run.seed, 5);
  EXPECT_EQ(run.optimizer.as<AdamConfig>()->beta1, 0.5);
  EXPECT_EQ(run.optimizer.as<AdamConfig>()->weight_decay, 0.2);
  EXPECT_EQ(run.schedule.common().lr, 0.25);
  // Another name starts from its own values, but the common keys stay.
  const RunConfig other = read<RunConfig>(
      Document::from_text("optimizer: adam_strong\nschedule: cosine", "a.yaml"), initial);
  EXPECT_EQ(other.optimizer.as<AdamConfig>()->beta1, 0.9);
  EXPECT_EQ(other.optimizer.as<AdamConfig>()->weight_decay, 0.3);
  EXPECT_EQ(other.schedule.common().lr, 0.25);
  // `initial` keeps its own.
  EXPECT_EQ(initial.optimizer.as<AdamConfig>()->weight_decay, 0.1);
}

TEST(Reader, MakesPathsAbsolute) {
  const auto root_of = [](const std::string& text, const std::vector<std::string>& sets) {
    Document document = Document::from_text(text, "my.yaml", "/etc/vit");
    for (const std::string& assignment : sets) document.set(assignment);
    return read<RunConfig>(document).root;
  };
  EXPECT_EQ(root_of("root: ../data", {}), "/etc/data");
  EXPECT_EQ(root_of("root: /abs/x", {}), "/abs/x");
  EXPECT_EQ(root_of("root: ''", {}), "");
  EXPECT_EQ(root_of("", {"root=here"}), std::filesystem::current_path() / "here");
  setenv("HOME", "/home/someone", 1);
  EXPECT_EQ(root_of("root: ~/data", {}), "/home/someone/data");
}

// `IMAGENET=data vit-train ...`: a folder where it is called; the default is beside the file.
TEST(Reader, PathsOfVariablesStartAtTheWorkingDirectory) {
  setenv("VIT_TEST_FOLDER", "here", 1);
  unsetenv("VIT_TEST_UNSET");
  const auto document_of = [](const std::string& root) {
    return Document::from_text("root: \"" + root + "\"", "my.yaml", "/etc/vit");
  };
  const auto root_of = [&](const std::string& root) {
    return read<RunConfig>(document_of(root)).root;
  };
  const std::filesystem::path here = std::filesystem::current_path();
  EXPECT_EQ(root_of("${VIT_TEST_FOLDER}"), here / "here");
  EXPECT_EQ(root_of("${VIT_TEST_FOLDER:-there}/train"), here / "here/train");
  EXPECT_EQ(root_of("${VIT_TEST_UNSET:-${VIT_TEST_FOLDER}}"), here / "here");
  EXPECT_EQ(root_of("${VIT_TEST_UNSET:-there}"), "/etc/vit/there");
  EXPECT_EQ(root_of("${VIT_TEST_UNSET:-there/${VIT_TEST_FOLDER}}"), "/etc/vit/there/here");
  EXPECT_EQ(root_of("sets/${VIT_TEST_FOLDER}"), "/etc/vit/sets/here");
  EXPECT_EQ(document_of("${VIT_TEST_FOLDER}").origin("root"), "my.yaml:1");
}

}  // namespace
}  // namespace vit::config::sample
