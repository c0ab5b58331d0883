#include "vit/config/reference.hpp"

#include "config/node.hpp"
#include "config/sample_config.hpp"

#include <gtest/gtest.h>

namespace vit::config::sample {
namespace {

void expect_has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no " << part << " in\n" << text;
}

TEST(Reference, HelpOfOneSection) {
  EXPECT_EQ(help_text<RunConfig>("batch"),
            "batch: What one step sees.\n"
            "  examples    128   Images a step. [int, > 0]\n"
            "  accumulate  null  Parts; null: automatic. [int, or null, > 0]\n");
  EXPECT_EQ(help_text<RunConfig>("optimizer"),
            "optimizer: How weights are updated.\n"
            "\n  name: adam (adamw)  Adam with decoupled decay.\n"
            "  beta1         0.9    Decay of the first moment. [float, 0 to 1]\n"
            "  beta2         0.999  Decay of the second moment. [float, 0 to 1]\n"
            "  weight_decay  0.1    Decoupled weight decay. [float, >= 0]\n"
            "  presets:\n"
            "    adam_strong  weight_decay: 0.3\n"
            "\n  name: sgd  Momentum SGD.\n"
            "  momentum  0.9    Momentum. [float, 0 to 1]\n"
            "  nesterov  false  Look ahead. [bool]\n");
  EXPECT_EQ(help_text<RunConfig>("cache"), "  cache  none  Where. [text, none, ram or disk]\n");
  expect_has(help_text<RunConfig>("schedule"), "  lr      0.001    Peak rate. [float, > 0]\n");
  expect_has(help_text<RunConfig>(), "\noptimizer: How weights are updated.\n");
  try {
    help_text<RunConfig>("optimiser");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    expect_has(error.what(), "no section 'optimiser'; did you mean 'optimizer'?\nthere are seed, ");
  }
}

TEST(Reference, MarkdownHasEveryKey) {
  const std::string text = reference<RunConfig>();
  EXPECT_EQ(text, reference<RunConfig>());
  expect_has(text, "| `seed` | int | `0` | Of everything random. |\n");
  expect_has(text, "| `precision` | fp32 or bf16 | `fp32` | Of the arithmetic. |\n");
  expect_has(text, "| `optimizer` | named section | `adam` | How weights are updated. |\n");
  expect_has(text, "\n## `batch`\n\nWhat one step sees. A section.\n");
  expect_has(text,
             "\n## `optimizer`\n\nHow weights are updated. A section chosen by its `name` "
             "(default `adam`).\n");
  expect_has(text, "\n### `optimizer: adam`\n\nAdam with decoupled decay. Also called `adamw`.\n");
  expect_has(text, "| `adam_strong` | `Adam/S` | For small data. `weight_decay: 0.3` |\n");
  expect_has(text, "| `tags` | list of text | `[]` | Words. May change on resume. |\n");
  expect_has(text, "\n## `augment`\n\nApplied in order. A list of sections, each chosen by its");
  expect_has(text, "| `transforms` | list of named section, not empty | `[{name: flip,");
  expect_has(text, "The names are those of [`augment`](#augment).");
  expect_has(text, "| `match` | text, not empty | `\"\"` | Regular expression. |");
  const auto leaves_of_run = leaves(defaults());
  for (const Leaf& leaf : leaves_of_run) {
    const std::string key = leaf.key.substr(leaf.key.rfind('.') + 1);
    if (key != "name") expect_has(text, "| `" + key + "` |");
  }
}

TEST(Reference, JsonSchemaIsJson) {
  const std::string text = json_schema<RunConfig>("a \"title\"");
  // JSON is YAML, too.
  const Document document = Document::from_text(text, "schema.json");
  EXPECT_EQ(document.scalar("title"), "a \"title\"");
  EXPECT_EQ(document.scalar("properties.seed.type"), "integer");
  EXPECT_EQ(document.scalar("properties.batch.properties.examples.exclusiveMinimum"), "0");
  EXPECT_EQ(document.scalar("properties.batch.additionalProperties"), "false");
  EXPECT_EQ(document.scalar("properties.optimizer.$ref"), "#/$defs/optimizer");
  EXPECT_EQ(document.scalar("properties.augment.items.$ref"), "#/$defs/transform");
  EXPECT_EQ(document.scalar("properties.cache.enum.1"), "ram");
  EXPECT_EQ(document.scalar("properties.input.properties.mean.minItems"), "1");
  EXPECT_EQ(document.scalar("$defs.optimizer.anyOf.0.enum.3"), "Adam/S");
  EXPECT_EQ(document.scalar("$defs.schedule.anyOf.1.properties.lr.type"), "number");
  EXPECT_EQ(text, json_schema<RunConfig>("a \"title\""));
}

}  // namespace
}  // namespace vit::config::sample
