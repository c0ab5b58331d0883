#include "vit/config/writer.hpp"

#include "config/sample_config.hpp"
#include "config/scalars.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <regex>

namespace vit::config::sample {
namespace {

RunConfig reread(const std::string& text, const RunConfig& initial = defaults()) {
  return read<RunConfig>(Document::from_text(text, "written.yaml"), initial);
}

RunConfig unusual() {
  RunConfig run;
  run.seed = std::numeric_limits<int64_t>::min();
  run.device = "on";
  run.precision = Precision::kBf16;
  run.steps = {0.1, Duration::Unit::kEpochs};
  run.image = {192, 160};
  run.batch.accumulate = 4;
  run.root = "/a folder/with: ${odd} \"names\"";
  run.input.mean = {1.0 / 3, 1e-7, 1e22, 5e-324, 3};
  run.input.resize = InputConfig::Resize::kSquash;
  run.augment = {Component<Transforms>("crop", CropConfig{.size = square(96), .scale = {}}),
                 "one_of", "flip"};
  run.parameters = {{.match = "(bias|norm|\\.g)$", .decay = 0}, {.match = "# no 'comment'"}};
  run.tags = {"",          " ",         "yes",         "null",     "1e3",     "- a", "{x}",
              "a, b",      "tab\there", "line\nbreak", "\xC3\xA4", "$${x}",   "~",   "a:",
              "trailing ", "0x10",      "12:30",       "a #b",     "\x7F\x01"};
  run.pauses = {Duration::steps(1), Duration::percent(5), Duration::seconds(7200)};
  run.optimizer = Component<Optimizers>("sgd", SgdConfig{.momentum = 0.5, .nesterov = true});
  run.schedule = "cosine";
  run.schedule.common().lr = 3e-3;
  run.schedule.mutate<CosineConfig>()->cycles = 3;
  run.clip.reset();
  run.extra_rule = RuleConfig{.match = "m", .frozen = true};
  return run;
}

TEST(Writer, WritesEveryKey) {
  EXPECT_EQ(write(defaults()), R"(seed: 0
device: auto
precision: fp32
steps: 3 epochs
image: 224
batch:
  examples: 128
  accumulate: null
root: ""
input:
  mean: [0.5, 0.5, 0.5]
  resize: shorter
augment:
  - {name: crop, size: 224, scale: [0.08, 1.0]}
parameters: []
tags: []
pauses: []
optimizer:
  name: adam
  beta1: 0.9
  beta2: 0.999
  weight_decay: 0.1
schedule:
  name: linear
  lr: 0.001
  warmup: 0 steps
  end: 1.0e-5
clip: 1.0
extra_rule: null
cache: none
)");
}

TEST(Writer, ReadsBackToTheSameValue) {
  for (const RunConfig& run : {defaults(), unusual()}) {
    const std::string text = write(run);
    const RunConfig again = reread(text);
    EXPECT_EQ(write(again), text);
    EXPECT_EQ(again.tags, run.tags);
    EXPECT_EQ(again.root, run.root);
    EXPECT_EQ(again.input.mean, run.input.mean);
    EXPECT_EQ(again.steps, run.steps);
    EXPECT_EQ(again.seed, run.seed);
    EXPECT_EQ(again.parameters.size(), run.parameters.size());
    EXPECT_TRUE(again.optimizer == run.optimizer);
    EXPECT_TRUE(diff(run, again).empty());
  }
}

TEST(Writer, MinimalHoldsOnlyChanges) {
  EXPECT_EQ(write_minimal(defaults()), "{}\n");
  EXPECT_EQ(write(reread("{}")), write(defaults()));
  RunConfig run;
  run.batch.examples = 64;
  run.optimizer.mutate<AdamConfig>()->weight_decay = 0.3;
  run.schedule = "cosine";
  run.clip.reset();
  run.extra_rule = RuleConfig{.match = "m"};
  EXPECT_EQ(write_minimal(run), R"(batch:
  examples: 64
optimizer:
  name: adam
  weight_decay: 0.3
schedule:
  name: cosine
clip: null
extra_rule:
  match: m
  decay: 1.0
  frozen: false
)");
  EXPECT_EQ(write(reread(write_minimal(run))), write(run));
  EXPECT_EQ(write(reread(write_minimal(unusual()))), write(unusual()));
  // Against other defaults than the struct's own.
  const RunConfig defaults = unusual();
  EXPECT_EQ(write(reread(write_minimal(run, defaults), defaults)), write(run));
}

TEST(Writer, TellsWhereValuesComeFrom) {
  Document document = Document::from_text("batch: {examples: 64}\noptimizer: adam", "a.yaml");
  document.set("seed=2").set("optimizer.beta1=0.5").set("schedule.name=cosine");
  const std::string text = write_with_origins(read<RunConfig>(document), document);
  EXPECT_TRUE(text.starts_with("seed: 2  # --set seed=2\ndevice: auto  # default\n")) << text;
  EXPECT_NE(text.find("  examples: 64  # a.yaml:1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  name: adam  # a.yaml:2\n  beta1: 0.5  # --set optimizer.beta1=0.5\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  name: cosine  # --set schedule.name=cosine\n  lr: 0.001  # default\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(write(reread(text)), write(read<RunConfig>(document)));
}

TEST(Writer, FloatsAreShortExactAndYaml11) {
  EXPECT_EQ(format_float(0.001), "0.001");
  EXPECT_EQ(format_float(1e-5), "1.0e-5");
  EXPECT_EQ(format_float(1.5e-7), "1.5e-7");
  EXPECT_EQ(format_float(1e22), "1.0e+22");
  EXPECT_EQ(format_float(-3), "-3.0");
  EXPECT_EQ(format_float(-0.0), "-0.0");
  EXPECT_EQ(format_float(5e-324), "5.0e-324");
  // What PyYAML takes for a float.
  const std::regex yaml_float(R"([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?)");
  std::mt19937_64 random(1);
  const TypeInfo& type = type_of<double>();
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t bits = random();
    double value = 0;
    static_assert(sizeof(value) == sizeof(bits));
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    const std::string text = format_float(value);
    EXPECT_TRUE(std::regex_match(text, yaml_float)) << text;
    Node node;
    node.kind = Node::Kind::kScalar;
    node.text = text;
    double again = 0;
    EXPECT_EQ(parse_scalar(type, &again, node), "") << text;
    EXPECT_EQ(again, value) << text;
  }
}

// Whatever a value holds, writing and reading it changes nothing.
TEST(Writer, RandomValuesRoundTrip) {
  std::mt19937_64 random(7);
  const auto below = [&random](uint64_t n) { return random() % n; };
  const auto any_text = [&] {
    static constexpr std::string_view kAlphabet = "ab:#{}[]'\"\\$&*!|>%@`,-? \t\n~=.0e+_/";
    std::string text;
    for (uint64_t n = below(8); n > 0; --n) text += kAlphabet[below(kAlphabet.size())];
    return text;
  };
  const auto any_float = [&] {
    return std::ldexp(static_cast<double>(below(1000)), static_cast<int>(below(60)) - 40);
  };
  for (int i = 0; i < 500; ++i) {
    RunConfig run;
    run.seed = static_cast<int64_t>(random());
    run.device = any_text();
    run.steps = {any_float() + 1e-9, static_cast<Duration::Unit>(below(5))};
    run.image = {static_cast<int64_t>(below(500)) + 1, static_cast<int64_t>(below(500)) + 1};
    for (uint64_t n = below(4); n > 0; --n) run.tags.push_back(any_text());
    for (uint64_t n = below(3); n > 0; --n) {
      run.parameters.push_back({.match = any_text() + "x", .decay = any_float()});
    }
    if (below(2) == 0) run.schedule = "cosine";
    run.schedule.common().lr = any_float() / 1e8 + 1e-9;
    const char* const names[] = {"adam", "adam_strong", "sgd"};
    run.optimizer = names[below(3)];
    if (auto* adam = run.optimizer.mutate<AdamConfig>()) adam->weight_decay = any_float();
    for (const std::string& text : {write(run), write_minimal(run)}) {
      const RunConfig again = reread(text);
      EXPECT_EQ(write(again), write(run)) << text;
      EXPECT_EQ(again.tags, run.tags) << text;
      EXPECT_EQ(again.device, run.device) << text;
      EXPECT_EQ(again.steps, run.steps) << text;
    }
  }
}

TEST(Diff, NamesKeysThatDiffer) {
  const RunConfig before;
  RunConfig after;
  EXPECT_TRUE(diff(before, after).empty());
  after.seed = 1;
  after.tags = {"x"};
  after.optimizer = "sgd";
  after.schedule.common().lr = 0.5;
  after.augment.push_back("flip");
  const auto changes = diff(before, after);
  const auto text = [&changes](const std::string& key) -> std::string {
    for (const Difference& change : changes) {
      if (change.key == key) {
        return change.old_text + " -> " + change.new_text + (change.resumable ? " ok" : "");
      }
    }
    return "same";
  };
  EXPECT_EQ(text("seed"), "0 -> 1");
  EXPECT_EQ(text("tags"), "[] -> [x] ok");
  EXPECT_EQ(text("optimizer.name"), "adam -> sgd");
  EXPECT_EQ(text("optimizer.beta1"), "0.9 -> ");
  EXPECT_EQ(text("optimizer.momentum"), " -> 0.9");
  EXPECT_EQ(text("schedule.lr"), "0.001 -> 0.5 ok");  // below a section that is resumable
  EXPECT_EQ(text("augment.1.name"), " -> flip");
  EXPECT_EQ(text("augment.0.name"), "same");
  EXPECT_EQ(changes.size(), 11U);
}

TEST(Diff, IsPutIntoALine) {
  EXPECT_EQ(text_of({"seed", "0", "1"}), "seed: 0 -> 1");
  EXPECT_EQ(text_of({"clip.norm", "", "1.0"}), "clip.norm: (none) -> 1.0");
  EXPECT_EQ(text_of({"clip.norm", "1.0", ""}), "clip.norm: 1.0 -> (none)");
}

}  // namespace
}  // namespace vit::config::sample
