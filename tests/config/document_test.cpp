#include "vit/config/document.hpp"

#include "config/sample_config.hpp"
#include "support/temp_dir.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

namespace vit::config::sample {
namespace {

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string failure(const std::string& name, const SearchPath& search = {}) {
  try {
    read<RunConfig>(Document::from_file(name, search));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

std::string values(const Component<Optimizers>& optimizer) { return write(optimizer); }

Component<Optimizers> optimizer_of(const std::vector<std::string>& layers,
                                   const std::vector<std::string>& sets = {}) {
  Document document;
  for (const std::string& layer : layers) document.overlay(Document::from_text(layer, "x.yaml"));
  for (const std::string& assignment : sets) document.set(assignment);
  return read<RunConfig>(document).optimizer;
}

TEST(Document, LaterLayersWin) {
  Document document = Document::from_text("seed: 1\nbatch: {examples: 8, accumulate: 2}", "a.yaml");
  document.overlay(Document::from_text("batch: {examples: 16}\ntags: [x]", "b.yaml"));
  document.set("tags=[y, z]").set("seed=7").set("seed=8");
  const RunConfig run = read<RunConfig>(document);
  EXPECT_EQ(run.seed, 8);
  EXPECT_EQ(run.batch.examples, 16);
  EXPECT_EQ(run.batch.accumulate, 2);
  EXPECT_EQ(run.tags, (std::vector<std::string>{"y", "z"}));
  EXPECT_EQ(document.origin("batch.examples"), "b.yaml:1");
  EXPECT_EQ(document.origin("batch.accumulate"), "a.yaml:2");
  EXPECT_EQ(document.origin("seed"), "--set seed=8");
  EXPECT_EQ(document.origin("device"), "");
  EXPECT_TRUE(document.contains("batch.examples"));
  EXPECT_FALSE(document.contains("batch.nothing"));
}

TEST(Document, NullGoesBackToTheDefault) {
  const std::string text = "seed: 5\nclip: 2\nbatch: {accumulate: 2}\noptimizer: {name: sgd}";
  const RunConfig run = read_text(text, {"seed=null", "clip=null", "batch=null", "optimizer=null"});
  EXPECT_EQ(run.seed, 0);
  EXPECT_FALSE(run.clip.has_value());
  EXPECT_FALSE(run.batch.accumulate.has_value());
  EXPECT_EQ(run.optimizer.name(), "adam");
  // And values after it count again.
  EXPECT_EQ(values(optimizer_of({"optimizer: {name: sgd, momentum: 0.1}"},
                                {"optimizer=null", "optimizer.beta1=0.5"})),
            "name: adam\nbeta1: 0.5\nbeta2: 0.999\nweight_decay: 0.1\n");
  // An empty section in a file is null.
  EXPECT_EQ(read_text("batch:\noptimizer:\n").batch.examples, 128);
}

TEST(Document, AnotherNameReplacesTheSection) {
  const std::string base = "optimizer: {name: adam_strong, beta1: 0.5}";
  EXPECT_EQ(values(optimizer_of({base, "optimizer: {name: sgd}"})),
            "name: sgd\nmomentum: 0.9\nnesterov: false\n");
  EXPECT_EQ(values(optimizer_of({base}, {"optimizer=sgd", "optimizer.momentum=0.3"})),
            "name: sgd\nmomentum: 0.3\nnesterov: false\n");
  // A preset of the same entry is another name, an alias is not.
  EXPECT_EQ(values(optimizer_of({base, "optimizer: {name: adam}"})),
            "name: adam\nbeta1: 0.9\nbeta2: 0.999\nweight_decay: 0.1\n");
  EXPECT_EQ(values(optimizer_of({base, "optimizer: {name: Adam/S, beta2: 0.99}"})),
            "name: adam_strong\nbeta1: 0.5\nbeta2: 0.99\nweight_decay: 0.3\n");
  // Going back and forth does not bring old keys back.
  EXPECT_EQ(values(optimizer_of({base, "optimizer: sgd", "optimizer: adam_strong"})),
            "name: adam_strong\nbeta1: 0.9\nbeta2: 0.999\nweight_decay: 0.3\n");
}

TEST(Document, TheDefaultNameCountsAsAName) {
  // The first layer means adam without saying so.
  EXPECT_EQ(values(optimizer_of({"optimizer: {beta1: 0.5}", "optimizer: {name: sgd}"})),
            "name: sgd\nmomentum: 0.9\nnesterov: false\n");
  EXPECT_EQ(values(optimizer_of({"optimizer: {beta1: 0.5}", "optimizer: {name: adamw}"})),
            "name: adam\nbeta1: 0.5\nbeta2: 0.999\nweight_decay: 0.1\n");
}

TEST(Document, KeysOfAllEntriesOutliveTheName) {
  const RunConfig run = read_text("schedule: {name: linear, lr: 0.5, end: 0.1, warmup: 5 steps}",
                                  {"schedule.name=cosine"});
  EXPECT_EQ(write(run.schedule), "name: cosine\nlr: 0.5\nwarmup: 5 steps\ncycles: 1\n");
}

TEST(Document, TheCommandLineNeverDropsItsOwnKeys) {
  EXPECT_EQ(values(optimizer_of({}, {"optimizer.momentum=0.3", "optimizer.name=sgd"})),
            "name: sgd\nmomentum: 0.3\nnesterov: false\n");
  EXPECT_EQ(errors_of("", {"optimizer.beta1=0.3", "optimizer=sgd"}),
            "1 problem in the configuration\n  --set optimizer.beta1=0.3: optimizer.beta1: unknown "
            "key; optimizer 'sgd' does not have it, 'adam' does");
}

TEST(Document, SetsElementsOfLists) {
  const std::string text = "augment: [{name: crop, size: 64}, flip]";
  const auto names = [](const RunConfig& run) {
    std::string result;
    for (const auto& transform : run.augment) result += transform.name() + " ";
    return result;
  };
  const RunConfig run = read_text(text, {"augment.0.size=96", "augment.1.probability=0.25"});
  EXPECT_EQ(run.augment[0].as<CropConfig>()->size, square(96));
  EXPECT_EQ(run.augment[1].as<FlipConfig>()->probability, 0.25);
  EXPECT_EQ(names(read_text(text, {"augment.2=crop"})), "crop flip crop ");
  EXPECT_EQ(names(read_text(text, {"augment.0=flip"})), "flip flip ");
  // Elements of a default list, too.
  const RunConfig changed = read_text("", {"augment.0.size=96", "input.mean.1=0.25"});
  EXPECT_EQ(changed.augment[0].as<CropConfig>()->size, square(96));
  EXPECT_EQ(changed.input.mean, (std::vector<double>{0.5, 0.25, 0.5}));
  EXPECT_EQ(errors_of(text, {"augment.7.size=96"}),
            "1 problem in the configuration\n  --set augment.7.size=96: augment.7: the list has 2 "
            "elements");
  EXPECT_EQ(errors_of(text, {"augment.x=1"}),
            "1 problem in the configuration\n  --set augment.x=1: augment.x: expected the number "
            "of an element of this list");
}

TEST(Document, ReportsBadAssignmentsWithTheRest) {
  const std::string text =
      errors_of("sede: 1", {"nonsense", "a b=1", "seed=[1", "=3", "tags=a: b: c"});
  EXPECT_TRUE(
      text.starts_with("6 problems in the configuration\n"
                       "  my.yaml:1:1: sede: unknown key; did you mean 'seed'?\n"
                       "  --set nonsense: expected KEY=VALUE, such as --set "
                       "optimizer.beta1=0.9\n"
                       "  --set a b=1: 'a b' is not a key\n"
                       "  --set seed=[1: seed: a key is a plain word"))
      << text;
}

TEST(Document, SetReadsYamlValues) {
  const RunConfig run =
      read_text("", {"parameters=[{match: \"a=b\", decay: 0}]", "device=", "cache='ram'"});
  ASSERT_EQ(run.parameters.size(), 1U);
  EXPECT_EQ(run.parameters[0].match, "a=b");
  EXPECT_EQ(run.device, "auto");
  EXPECT_EQ(run.cache, "ram");
}

TEST(Document, KnowsTheNameOfASection) {
  Document document = Document::from_text("optimizer: {name: sgd}\nschedule: cosine\nseed: 3", "a");
  EXPECT_EQ(document.scalar("optimizer"), "sgd");
  EXPECT_EQ(document.scalar("schedule"), "cosine");
  EXPECT_EQ(document.scalar("seed"), "3");
  EXPECT_EQ(document.scalar("batch"), "");
  document.set("optimizer.beta1=0.5");
  EXPECT_EQ(document.scalar("optimizer"), "sgd");
  document.set("optimizer", "adam", "--optimizer adam");
  EXPECT_EQ(document.scalar("optimizer"), "adam");
  document.set("schedule", "wave", "--wave");
  try {
    read<RunConfig>(document);
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("  --wave: schedule: unknown schedule 'wave'"),
              std::string::npos)
        << error.what();
  }
}

TEST(Document, ExtendsFilesBesideIt) {
  const test::TempDir folder;
  write_file(folder / "base/a.yaml", "seed: 1\nbatch: {examples: 2}\nroot: data\n");
  write_file(folder / "base/b.yaml", "extends: a.yaml\nseed: 2\n");
  write_file(folder / "c.yaml", "seed: 3\ndevice: cpu\n");
  write_file(folder / "run/x.yaml", "extends: [../base/b.yaml, ../c.yaml]\ncache: ram\n");
  const RunConfig run = read<RunConfig>(Document::from_file(folder / "run/x.yaml"));
  EXPECT_EQ(run.seed, 3);
  EXPECT_EQ(run.batch.examples, 2);
  EXPECT_EQ(run.device, "cpu");
  EXPECT_EQ(run.cache, "ram");
  EXPECT_EQ(run.root, folder / "base/data");
}

TEST(Document, FindsShippedConfigurations) {
  const test::TempDir folder;
  write_file(folder / "shipped/quickstart.yaml", "extends: base/common\nseed: 4\n");
  write_file(folder / "shipped/base/common.yaml", "device: cpu\n");
  write_file(folder / "mine/x.yaml", "extends: quickstart\n");
  const SearchPath search = {folder / "nowhere", folder / "shipped"};
  EXPECT_EQ(shipped_configs(search), (std::vector<std::string>{"base/common", "quickstart"}));
  EXPECT_EQ(read<RunConfig>(Document::from_file("quickstart", search)).device, "cpu");
  EXPECT_EQ(read<RunConfig>(Document::from_file(folder / "mine/x.yaml", search)).seed, 4);
  EXPECT_EQ(failure("quikstart", search),
            "no configuration 'quikstart', neither as a file nor among the shipped ones; did you "
            "mean 'quickstart'?\nshipped: base/common, quickstart");
  EXPECT_EQ(failure("other/nothing.yaml", search),
            "no configuration file 'other/nothing.yaml'\nshipped: base/common, quickstart");
}

TEST(Document, ReportsBadBases) {
  const test::TempDir folder;
  const std::string a = folder / "a.yaml";
  write_file(a, "extends: b.yaml\n");
  write_file(folder / "b.yaml", "seed: 1\nextends: [a.yaml]\n");
  EXPECT_EQ(failure(a), "1 problem in the configuration\n  " + (folder / "b.yaml").string() +
                            ":2:11: extends: a circle: a.yaml -> b.yaml -> a.yaml");
  write_file(a, "extends: a.yaml\n");
  EXPECT_NE(failure(a).find("a circle: a.yaml -> a.yaml"), std::string::npos);
  write_file(a, "extends: {x: 1}\n");
  EXPECT_NE(failure(a).find("extends: expected a file, got keys and values"), std::string::npos);
  write_file(a, "seed: 1\nextends: c.yaml\n");
  EXPECT_EQ(failure(a), "1 problem in the configuration\n  " + a +
                            ":2:1: extends: no file 'c.yaml' beside this one, and no configuration "
                            "file 'c.yaml'");
  write_file(a, "extends: broken.yaml\n");
  write_file(folder / "broken.yaml", "a:\n\tb: 1\n");
  EXPECT_NE(failure(a).find("broken.yaml:2:1: a tab in the indentation"), std::string::npos);
}

TEST(Document, RefusesWhatIsNoTextFile) {
  const test::TempDir folder;
  EXPECT_EQ(failure(folder.path()),
            fmt::format("'{}' is a folder, not a configuration file", folder.path().string()));
  write_file(folder / "big.yaml", std::string(5 << 20, '#'));
  EXPECT_NE(failure(folder / "big.yaml").find("is larger than 4.0 MiB"), std::string::npos);
  write_file(folder / "photo.yaml", "\xFF\xD8\xFF\xE0");
  EXPECT_NE(failure(folder / "photo.yaml").find("is not UTF-8 text"), std::string::npos);
  write_file(folder / "empty.yaml", "");
  EXPECT_EQ(failure(folder / "empty.yaml"), "");
  write_file(folder / "bom.yaml", "\xEF\xBB\xBFseed: 1\r\ndevice: cpu\r\n");
  EXPECT_EQ(read<RunConfig>(Document::from_file(folder / "bom.yaml")).device, "cpu");
}

TEST(Document, CountsColumnsInCharacters) {
  EXPECT_EQ(errors_of("tags: [\"\xC3\xA4\xC3\xB6\"]\nbatch: {\"\xC3\xA4\": 1, examples: 0}\n"),
            "2 problems in the configuration\n"
            "  my.yaml:2:9: batch.\xC3\xA4: unknown key; there are examples and accumulate\n"
            "  my.yaml:2:17: batch.examples: must be > 0, got 0");
}

}  // namespace
}  // namespace vit::config::sample
