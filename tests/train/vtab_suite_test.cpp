// The shipped suite against VTAB-1k's definition: groups, classes and splits of all 19 tasks, their
// label rules and what their pictures must not go through.
#include "vit/config/reader.hpp"
#include "vit/core/error.hpp"
#include "vit/core/version.hpp"
#include "vit/data/dataset.hpp"
#include "vit/data/shared_examples.hpp"
#include "vit/train/run_config.hpp"

#include "train/vtab/suite.hpp"
#include "train/vtab/task_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace vit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Suite shipped() { return read_suite("vtab-1k", {std::string(VIT_SOURCE_DIR) + "/configs/suites"}); }

// What task_adaptation's data sets define. `sizes`: splits of TensorFlow Datasets.
struct Expected {
  const char *task, *group;
  int64_t classes;
  const char *tfds, *both, *test;
  std::map<std::string, int64_t> sizes;
  int64_t tested;
};

const std::vector<Expected> kExpected = {
    {"caltech101",
     "Natural",
     102,
     "caltech101",
     "train[:800]+train[2754:2954]",
     "test",
     {{"train", 3057}, {"test", 6084}},
     6084},
    {"cifar100",
     "Natural",
     100,
     "cifar100",
     "train[:800]+train[45000:45200]",
     "test",
     {{"train", 50000}, {"test", 10000}},
     10000},
    {"dtd",
     "Natural",
     47,
     "dtd",
     "train[:800]+validation[:200]",
     "test",
     {{"train", 1880}, {"validation", 1880}, {"test", 1880}},
     1880},
    {"oxford_flowers102",
     "Natural",
     102,
     "oxford_flowers102",
     "train[:800]+validation[:200]",
     "test",
     {{"train", 1020}, {"validation", 1020}, {"test", 6149}},
     6149},
    {"oxford_iiit_pet",
     "Natural",
     37,
     "oxford_iiit_pet",
     "train[:800]+train[2944:3144]",
     "test",
     {{"train", 3680}, {"test", 3669}},
     3669},
    {"sun397",
     "Natural",
     397,
     "sun397/tfds",
     "train[:800]+validation[:200]",
     "test",
     {{"train", 76128}, {"validation", 10875}, {"test", 21750}},
     21750},
    {"svhn",
     "Natural",
     10,
     "svhn_cropped",
     "train[:800]+train[65931:66131]",
     "test",
     {{"train", 73257}, {"test", 26032}, {"extra", 531131}},
     26032},
    {"patch_camelyon",
     "Specialized",
     2,
     "patch_camelyon",
     "train[:800]+validation[:200]",
     "test",
     {{"train", 262144}, {"validation", 32768}, {"test", 32768}},
     32768},
    {"eurosat",
     "Specialized",
     10,
     "eurosat/rgb",
     "train[:800]+train[16200:16400]",
     "train[21600:]",
     {{"train", 27000}},
     5400},
    {"resisc45",
     "Specialized",
     45,
     "resisc45",
     "train[:800]+train[18900:19100]",
     "train[25200:]",
     {{"train", 31500}},
     6300},
    {"diabetic_retinopathy",
     "Specialized",
     5,
     "diabetic_retinopathy_detection/btgraham-300",
     "train[:800]+validation[:200]",
     "test",
     {{"sample", 10}, {"train", 35126}, {"validation", 10906}, {"test", 42670}},
     42670},
    {"clevr_count",
     "Structured",
     8,
     "clevr",
     "train[:800]+train[63000:63200]",
     "validation",
     {{"train", 70000}, {"validation", 15000}, {"test", 15000}},
     15000},
    {"clevr_distance",
     "Structured",
     6,
     "clevr",
     "train[:800]+train[63000:63200]",
     "validation",
     {{"train", 70000}, {"validation", 15000}, {"test", 15000}},
     15000},
    {"dmlab",
     "Structured",
     6,
     "dmlab",
     "train[:800]+validation[:200]",
     "test",
     {{"train", 65550}, {"validation", 22628}, {"test", 22735}},
     22735},
    {"dsprites_location",
     "Structured",
     16,
     "dsprites",
     "train[:800]+train[589824:590024]",
     "train[663552:]",
     {{"train", 737280}},
     73728},
    {"dsprites_orientation",
     "Structured",
     16,
     "dsprites",
     "train[:800]+train[589824:590024]",
     "train[663552:]",
     {{"train", 737280}},
     73728},
    {"kitti_distance",
     "Structured",
     4,
     "kitti",
     "train[:800]+validation[:200]",
     "test",
     {{"train", 6347}, {"validation", 423}, {"test", 711}},
     711},
    {"smallnorb_azimuth",
     "Structured",
     18,
     "smallnorb",
     "train[:800]+test[:200]",
     "test[50%:]",
     {{"train", 24300}, {"test", 24300}},
     12150},
    {"smallnorb_elevation",
     "Structured",
     9,
     "smallnorb",
     "train[:800]+test[:200]",
     "test[50%:]",
     {{"train", 24300}, {"test", 24300}},
     12150},
};

// Splits of a real length without any pictures.
class Lengths final : public DataSource {
 public:
  explicit Lengths(const std::map<std::string, int64_t>& sizes) : sizes_(sizes) {}
  const DataInfo& info() const override { return info_; }
  std::vector<std::string> splits() const override {
    std::vector<std::string> names;
    for (const auto& [name, size] : sizes_) names.push_back(name);
    return names;
  }
  std::unique_ptr<Dataset> open(const std::string& split) const override {
    return std::make_unique<Nothing>(split, sizes_.at(split));
  }

 private:
  class Nothing final : public Dataset {
   public:
    Nothing(std::string split, int64_t size) : split_(std::move(split)), size_(size) {}
    int64_t size() const override { return size_; }
    int64_t label(int64_t) const override { return 0; }
    Picture picture(int64_t) const override { return {}; }
    std::string name(int64_t index) const override { return split_ + std::to_string(index); }

   private:
    std::string split_;
    int64_t size_;
  };
  std::map<std::string, int64_t> sizes_;
  DataInfo info_;
};

TEST(VtabSuite, HasTheTasksAndSplitsOfVtab) {
  const Suite suite = shipped();
  EXPECT_EQ(suite.train_examples, 800);
  EXPECT_EQ(suite.val_examples, 200);
  ASSERT_EQ(suite.tasks.size(), kExpected.size());
  for (size_t i = 0; i < kExpected.size(); ++i) {
    const SuiteTask& task = suite.tasks[i];
    const Expected& expected = kExpected[i];
    EXPECT_EQ(task.task, expected.task);
    EXPECT_EQ(task.group, expected.group) << task.task;
    EXPECT_EQ(task.classes, expected.classes) << task.task;
    EXPECT_EQ(task.tfds, expected.tfds) << task.task;
    EXPECT_EQ(task.train + "+" + task.val, expected.both) << task.task;
    EXPECT_EQ(task.test, expected.test) << task.task;
  }
}

TEST(VtabSuite, SplitsAreWholeAndApart) {
  const Suite suite = shipped();
  for (size_t i = 0; i < suite.tasks.size(); ++i) {
    const SuiteTask& task = suite.tasks[i];
    SCOPED_TRACE(task.task);
    const Lengths source(kExpected[i].sizes);
    const auto train = open_split(source, task.train), val = open_split(source, task.val),
               both = open_split(source, task.train + "+" + task.val),
               test = open_split(source, task.test);
    EXPECT_EQ(train->size(), 800);
    EXPECT_EQ(val->size(), 200);
    EXPECT_EQ(both->size(), 1000);
    EXPECT_EQ(test->size(), kExpected[i].tested);
    EXPECT_EQ(shared_examples(*train, *val), 0);
    EXPECT_EQ(shared_examples(*both, *test), 0);
    EXPECT_EQ(train->name(799), "train799");
  }
}

// What a rule makes of the value or the values of its features.
std::unique_ptr<LabelRule> rule_of(const std::string& name) {
  return choose_tasks(shipped(), {name}).front().records.label.build();
}

TEST(VtabSuite, LabelsFollowTheRulesOfVtab) {
  const auto count = rule_of("clevr_count");
  EXPECT_THAT(count->features(), ElementsAre("objects/size"));
  EXPECT_EQ(count->from_features({std::vector<double>(3)}), 0);
  EXPECT_EQ(count->from_features({std::vector<double>(10)}), 7);

  // Thresholds 0, 8, 8.5, 9, 9.5, 10, 100 of the smallest third coordinate.
  const auto distance = rule_of("clevr_distance");
  EXPECT_THAT(distance->features(), ElementsAre("objects/pixel_coords"));
  const std::vector<std::pair<double, int64_t>> clevr = {
      {0.5, 0}, {8, 0}, {8.25, 1}, {8.5, 1}, {8.75, 2}, {9.25, 3}, {9.75, 4}, {10, 4}, {10.5, 5}};
  for (const auto& [z, label] : clevr) {
    EXPECT_EQ(distance->from_features({{1, 2, 50, 3, 4, z, 0, 0, 99}}), label) << z;
  }

  // Thresholds -100, 8, 20, 999 of the nearest car, van or truck.
  const auto kitti = rule_of("kitti_distance");
  EXPECT_THAT(kitti->features(), ElementsAre("objects/location", "objects/type"));
  EXPECT_EQ(kitti->from_features({{0, 0, 5, 0, 0, 30}, {2, 0}}), 0);
  EXPECT_EQ(kitti->from_features({{0, 0, 5, 0, 0, 30}, {3, 0}}), 2);
  EXPECT_EQ(kitti->from_features({{0, 0, 8.5}, {1}}), 1);
  EXPECT_EQ(kitti->from_features({{0, 0, 5}, {7}}), 3);
  EXPECT_EQ(kitti->from_features({{}, {}}), 3);

  const auto location = rule_of("dsprites_location"), orientation = rule_of("dsprites_orientation");
  EXPECT_EQ(location->from_label(0), 0);
  EXPECT_EQ(location->from_label(31), 15);
  EXPECT_EQ(location->from_label(3), 1);
  EXPECT_EQ(orientation->from_label(2), 0);  // floor(v / 2.5)
  EXPECT_EQ(orientation->from_label(3), 1);
  EXPECT_EQ(orientation->from_label(5), 2);
  EXPECT_EQ(orientation->from_label(39), 15);
  EXPECT_THROW(orientation->from_label(40), DataError);

  std::map<std::string, std::string> keys;
  for (const SuiteTask& task : shipped().tasks) {
    EXPECT_EQ(task.records.pixel_scale, task.tfds == "dsprites" ? 255 : 1) << task.task;
    ASSERT_EQ(task.records.label_keys.size(), 1u);
    if (task.records.label_keys[0] != "label") keys[task.task] = task.records.label_keys[0];
  }
  EXPECT_EQ(keys, (std::map<std::string, std::string>{{"dsprites_location", "label_x_position"},
                                                      {"dsprites_orientation", "label_orientation"},
                                                      {"smallnorb_azimuth", "label_azimuth"},
                                                      {"smallnorb_elevation", "label_elevation"}}));
}

// The shipped recipe for a task, with the tiny model it can be read without weights.
RunConfig config_of(const SuiteTask& task) {
  const std::string configs = std::string(VIT_SOURCE_DIR) + "/configs";
  config::Document document = config::Document::from_file(shipped().recipe, {configs});
  document.overlay(config::Document::from_text("data: {name: synthetic}", "test"));
  return make_run(document, task, {"/nowhere", "train[:8]+train[9:]", "val", {}, {}, false}).config;
}

TEST(VtabSuite, TrainsAsThePaperDid) {
  const RunConfig config = config_of(shipped().tasks.front());
  EXPECT_EQ(to_string(config.steps), "2500 steps");
  EXPECT_EQ(config.batch.examples, 512);
  EXPECT_EQ(config.schedule.name(), "cosine");
  EXPECT_EQ(config.schedule.common().lr, 0.01);
  EXPECT_EQ(to_string(config.schedule.common().warmup), "200 steps");
  EXPECT_EQ(config.optimizer.name(), "sgd");
  EXPECT_EQ(config.clip.norm, 1);
  EXPECT_EQ(config.input.resize, InputConfig::Resize::kSquash);
  EXPECT_EQ(config.eval.every.value, 0);
  EXPECT_EQ(config.data.common().train, "train[:8]+train[9:]");
  EXPECT_EQ(config.data.common().val, "val");
}

TEST(VtabSuite, LeavesOutWhatWouldChangeThePicturesMeaning) {
  for (const SuiteTask& task : shipped().tasks) {
    SCOPED_TRACE(task.task);
    std::vector<std::string> names;
    for (const TransformSection& transform : config_of(task).augment) {
      names.push_back(transform.name());
    }
    const std::string& name = task.task;
    const bool flips = name != "dsprites_orientation" && name != "smallnorb_azimuth" &&
                       name != "dsprites_location";
    const bool crops = !name.starts_with("clevr") && name != "dmlab" && name != "kitti_distance" &&
                       name != "dsprites_location";
    std::vector<std::string> expected;
    if (crops) expected = {"resize", "random_crop"};
    if (flips) expected.emplace_back("flip");
    EXPECT_EQ(names, expected);
  }
}

TEST(VtabSuite, MistakesInASuiteAreNamed) {
  const auto problem = [](const std::string& task) {
    const config::Document document = config::Document::from_text(
        "title: S\nrecipe: r\ntrain_examples: 1\nval_examples: 1\ntasks: [{group: G, classes: 2, "
        "train: a, val: b, test: c, " +
            task + "}]",
        "s.yaml");
    try {
      config::read<Suite>(document);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_EQ(problem("task: t, folders: [t], without: [flip]"), "none");
  EXPECT_THAT(problem("task: t, folders: [t], without: [flipp]"), HasSubstr("did you mean 'flip'"));
  EXPECT_THAT(problem("task: t"), HasSubstr("nowhere to look"));
  EXPECT_THAT(problem("task: ../t, folders: [t]"), HasSubstr("no name for a folder"));
}

TEST(VtabSuite, NamesTasksItDoesNotHave) {
  try {
    choose_tasks(shipped(), {"dtd", "kiti_distance"});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'kitti_distance'"));
  }
  const auto chosen = choose_tasks(shipped(), {"svhn", "dtd"});
  ASSERT_EQ(chosen.size(), 2u);
  EXPECT_EQ(chosen[0].task, "dtd");
}

}  // namespace
}  // namespace vit
