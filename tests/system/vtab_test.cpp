// vit-vtab on small made-up data in the format of every one of the 19 tasks: the shipped suite with
// its numbers scaled down.
#include "data/tfrecord_files.hpp"
#include "system.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <regex>

namespace vit::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Weights of a tiny ViT, made once.
class TinyWeights {
 public:
  TinyWeights()
      : outcome(run({"vit-train",
                     smoke("run", {"steps=1 steps", "eval.every=0 steps"}),
                     dir_.path(),
                     {}})) {}
  std::string path() const { return (dir_ / "run").string(); }

 private:
  const TempDir dir_;

 public:
  const Outcome outcome;
};

std::string weights() {
  static const TinyWeights made;
  EXPECT_EQ(made.outcome.exit_code, 0) << made.outcome;
  return made.path();
}

// ---- records as TensorFlow Datasets writes them

std::string picture(int64_t channels, uint8_t value) {
  Image image(6, 8, channels);
  std::fill(image.pixels.begin(), image.pixels.end(), value);
  return bytes_feature("image", encode_png(image));
}

// The first record has the last of `classes` labels.
int64_t label_of(int64_t index, int64_t classes) {
  return index == 0 ? classes - 1 : index % classes;
}

// The samples of the retinopathy set have no labels.
std::string labelled(const std::string& split, int64_t index, int64_t classes) {
  return picture(3, static_cast<uint8_t>(20 * index)) +
         bytes_feature("file_name", std::to_string(index) + ".jpg") +
         integers_feature("label", {split == "sample" ? -1 : label_of(index, classes)});
}

// 3 to 10 objects; the closest of them in each of the six bins. The test split tells none.
std::string clevr(const std::string& split, int64_t index) {
  if (split == "test") {
    return picture(3, 90) + integers_feature("objects/size", {}) +
           floats_feature("objects/pixel_coords", {});
  }
  const std::vector<float> nearest = {4, 8.25F, 8.75F, 9.25F, 9.75F, 50};
  const auto objects = static_cast<size_t>(3 + index % 8);
  std::vector<float> places;
  for (size_t i = 0; i < objects; ++i) places.insert(places.end(), {1, 2, 90});
  places[5] = nearest[static_cast<size_t>(index) % nearest.size()];
  return picture(3, 90) + integers_feature("objects/size", std::vector<int64_t>(objects, 1)) +
         floats_feature("objects/pixel_coords", places);
}

// A pedestrian at 1 m, and a van in each of three bins or none.
std::string kitti(const std::string&, int64_t index) {
  const std::vector<float> nearest = {5, 15, 30};
  std::vector<float> places = {0, 0, 1};
  std::vector<int64_t> kinds = {3};
  if (index % 4 < 3) {
    places.insert(places.end(), {0, 0, nearest[static_cast<size_t>(index % 4)]});
    kinds.push_back(1);
  }
  return picture(3, 40) + floats_feature("objects/location", places) +
         integers_feature("objects/type", kinds);
}

std::string dsprites(const std::string&, int64_t index) {
  return picture(1, static_cast<uint8_t>(index % 2)) +
         integers_feature("label_x_position", {label_of(index, 32)}) +
         integers_feature("label_orientation", {label_of(index, 40)});
}

std::string smallnorb(const std::string&, int64_t index) {
  return picture(1, 200) + integers_feature("label_azimuth", {label_of(index, 18)}) +
         integers_feature("label_elevation", {label_of(index, 9)});
}

using MakeFeatures = std::function<std::string(const std::string& split, int64_t index)>;

void write_set(const fs::path& root, const std::string& set, const Words& splits,
               const MakeFeatures& features) {
  const fs::path folder = root / set / "1.0.0";
  for (const std::string& split : splits) {
    std::string records;
    for (int64_t i = 0; i < 12; ++i) records += example(features(split, i));
    write_file(folder / (set.substr(0, set.find('/')) + "-" + split + ".tfrecord-00000-of-00001"),
               records);
  }
  write_file(folder / "dataset_info.json", "{}");
}

void write_labelled(const fs::path& root, const std::string& set, int64_t classes,
                    const Words& splits) {
  write_set(root, set, splits, [classes](const std::string& split, int64_t index) {
    return labelled(split, index, classes);
  });
}

void write_all_sets(const fs::path& root) {
  const Words two = {"train", "test"}, three = {"train", "validation", "test"}, one = {"train"};
  write_labelled(root, "caltech101", 102, two);
  write_labelled(root, "cifar100", 100, two);
  write_labelled(root, "dtd", 47, three);
  write_labelled(root, "oxford_flowers102", 102, three);
  write_labelled(root, "oxford_iiit_pet", 37, two);
  write_labelled(root, "sun397/tfds", 397, three);
  write_labelled(root, "svhn_cropped", 10, {"train", "test", "extra"});
  write_labelled(root, "patch_camelyon", 2, three);
  write_labelled(root, "eurosat/rgb", 10, one);
  write_labelled(root, "resisc45", 45, one);
  write_labelled(root, "diabetic_retinopathy_detection/btgraham-300", 5,
                 {"sample", "train", "validation", "test"});
  write_set(root, "clevr", three, clevr);
  write_labelled(root, "dmlab", 6, three);
  write_set(root, "dsprites", one, dsprites);
  write_set(root, "kitti", three, kitti);
  write_set(root, "smallnorb", two, smallnorb);
}

// The shipped suite for sets of twelve records: four to tune on, two to choose by.
std::string small_suite() {
  std::string text = read_file(fs::path(VIT_SOURCE_DIR) / "configs" / "suites" / "vtab-1k.yaml");
  const auto replace = [&](const char* pattern, const char* by) {
    text = std::regex_replace(text, std::regex(pattern), by);
  };
  replace("\\[:800\\]", "[:4]");
  replace("\\[:200\\]", "[:2]");
  replace("\\[[0-9]{4,}:[0-9]{4,}\\]", "[4:6]");
  replace("\\[[0-9]{4,}:\\]", "[6:]");
  replace("train_examples: 800", "train_examples: 4");
  replace("val_examples: 200", "val_examples: 2");
  replace("10000 steps", "1 steps");
  replace("2500 steps", "2 steps");
  return text;
}

class Vtab : public SystemTest {
 protected:
  void SetUp() override { write_file(dir_ / "small.yaml", small_suite()); }

  Outcome vtab(const Words& more) const {
    return call(
        "vit-vtab",
        Words{"--weights", weights(), "--data", "data", "--suite", "small.yaml", "--out", "out"} +
            sets({"batch={examples: 4, accumulate: 1}", "model.image=16", "schedule.warmup=0 steps",
                  "loader.threads=1", "log.tensorboard=false", "log.samples=false"}) +
            more);
  }
  Outcome quick(const Words& more = {}) const { return vtab(sets({"steps=2 steps"}) + more); }
  Json results() const { return json_file(dir_ / "out" / "results.json"); }
};

TEST_F(Vtab, RunsAllTasksAndGoesOn) {
  write_all_sets(dir_ / "data");
  const Outcome outcome = quick();
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("mean of 19"), HasSubstr("mean of 8"),
                                 HasSubstr("mean of 7"), Not(HasSubstr("missing"))));
  const Json found = results();
  ASSERT_EQ(found["tasks"].size(), 19u);
  double sum = 0;
  for (const Json& task : found["tasks"]) {
    EXPECT_EQ(task["train"], 6) << task;
    const std::string name = task["task"];
    const bool is_half = name == "eurosat" || name == "resisc45" || name.starts_with("dsprites") ||
                         name.starts_with("smallnorb");
    EXPECT_EQ(task["n"], is_half ? 6 : 12) << task;
    sum += task["top1"].get<double>();
    ASSERT_EQ(task["runs"].size(), 1u) << task;
    const Json meta = json_file(dir_ / task["runs"][0]["run"].get<std::string>() / "meta.json");
    EXPECT_EQ(meta["classes"], task["classes"]) << task;
  }
  EXPECT_NEAR(found["mean"]["top1"].get<double>(), sum / 19, 1e-12);
  EXPECT_EQ(found["mean"]["complete"], true);
  const std::string csv = read_file(dir_ / "out" / "results.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 20);

  fs::remove_all(dir_ / "out" / "dmlab");
  const Outcome again = quick();
  ASSERT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.err, AllOf(HasSubstr("caltech101/final' is done"), HasSubstr("kitti"),
                               Not(HasSubstr("dmlab/final' is done"))));
  EXPECT_EQ(again.out, outcome.out);
  EXPECT_EQ(results(), found);

  const Outcome other = quick({"--set", "seed=1"});
  EXPECT_EQ(other.exit_code, 2) << other;
  EXPECT_THAT(other.err, AllOf(HasSubstr("seed was 0, now it is 1"), HasSubstr("another --out")));
}

TEST_F(Vtab, NamesWhatIsMissing) {
  write_set(dir_ / "data", "kitti", {"train", "validation", "test"}, kitti);
  write_set(dir_ / "data", "smallnorb", {"train", "test"}, smallnorb);
  const Outcome outcome = quick();
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("mean of 3 of 19: not comparable"),
                                 HasSubstr("mean of 0 of 7: not comparable"),
                                 HasSubstr("missing   dmlab: no data")));
  EXPECT_THAT(outcome.err, HasSubstr("task 'dmlab' is missing"));
  EXPECT_EQ(results()["mean"]["missing"].size(), 16u);
  EXPECT_EQ(results()["mean"]["tasks"], 3);

  const Outcome asked = quick({"--tasks", "kitti_distance,dmlab"});
  EXPECT_EQ(asked.exit_code, 3) << asked;
  EXPECT_THAT(asked.err, AllOf(HasSubstr("no data of task 'dmlab'"), HasSubstr("looked for"),
                               HasSubstr("dmlab/train800.txt"),
                               HasSubstr("dmlab/<version>/dataset_info.json")));
  const Outcome part = quick({"--tasks", "kitti_distance"});
  EXPECT_EQ(part.exit_code, 0) << part;
  EXPECT_THAT(part.out,
              AllOf(HasSubstr("missing   dmlab: not asked for"), HasSubstr("mean of 3 of 19")))
      << "what was done before stays";
  EXPECT_EQ(results()["mean"]["tasks"], 3);
  const Outcome others = quick({"--tasks", "kitti_distance", "--seeds", "4"});
  EXPECT_EQ(others.exit_code, 0) << others;
  EXPECT_THAT(others.out, HasSubstr("mean of 1 of 19")) << "but not those of other seeds";
}

TEST_F(Vtab, SeedsMakeMeansAndDeviations) {
  write_set(dir_ / "data", "kitti", {"train", "validation", "test"}, kitti);
  write_set(dir_ / "data", "smallnorb", {"train", "test"}, smallnorb);
  const Outcome outcome = quick({"--seeds", "3,5"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, ContainsRegex("kitti_distance .* [0-9.]+ \u00b1 [0-9.]+ "));
  const Json found = results();
  Json kitti;
  for (const Json& task : found["tasks"]) {
    if (task["task"] == "kitti_distance") kitti = task;
  }
  ASSERT_EQ(kitti["runs"].size(), 2u) << kitti;
  double sum = 0;
  for (const Json& run : kitti["runs"]) {
    const fs::path folder = dir_ / run["run"].get<std::string>();
    EXPECT_EQ(folder.filename(), "final-seed-" + run["seed"].dump());
    EXPECT_THAT(read_file(folder / "config.yaml"), StartsWith("seed: " + run["seed"].dump() + " "));
    EXPECT_EQ(run["top1"], json_file(folder / "summary.json")["last"]["top1"]);
    sum += run["top1"].get<double>();
  }
  EXPECT_DOUBLE_EQ(kitti["top1"].get<double>(), sum / 2);
  EXPECT_TRUE(found["mean"]["std"].is_number()) << found["mean"];
  const Outcome more = quick({"--seeds", "3,5,7", "--tasks", "kitti_distance"});
  ASSERT_EQ(more.exit_code, 0) << more;
  EXPECT_THAT(more.err,
              AllOf(HasSubstr("final-seed-5' is done"), Not(HasSubstr("final-seed-7' is done"))));
}

// Lists and pictures as in the published folders, and a choice among four settings.
TEST_F(Vtab, ChoosesASettingByTheValidationExamples) {
  const fs::path folder = dir_ / "data" / "dsprites_ori";
  for (int i = 0; i < 12; ++i) {
    const std::string name = "images/" + std::to_string(i) + ".png";
    write_file(folder / name, png(6, 8, static_cast<uint8_t>(20 * i)));
    const std::string line = name + " " + std::to_string(i == 0 ? 15 : i) + "\n";
    const fs::path list = folder / (i < 4 ? "train800.txt" : i < 6 ? "val200.txt" : "test.txt");
    write_file(list, read_file(list) + line);
  }
  const Outcome outcome = vtab({"--tasks", "dsprites_orientation", "--select", "task"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(names_in(dir_ / "out" / "dsprites_orientation"),
            (Words{"final", "select-lr0.01-1-step", "select-lr0.01-2-steps", "select-lr0.1-1-step",
                   "select-lr0.1-2-steps"}));
  Json task;
  const Json all_results = results();
  for (const Json& one : all_results["tasks"]) {
    if (one["task"] == "dsprites_orientation") task = one;
  }
  double best = 0;
  for (const std::string& name : names_in(dir_ / "out" / "dsprites_orientation")) {
    const Json summary = json_file(dir_ / "out" / "dsprites_orientation" / name / "summary.json");
    EXPECT_EQ(summary["last"]["n"], name == "final" ? 6 : 2);
    if (name != "final") best = std::max(best, summary["last"]["top1"].get<double>());
  }
  EXPECT_EQ(task["val_top1"], best);
  EXPECT_EQ(task["n"], 6);
  const std::string config =
      read_file(dir_ / "out" / "dsprites_orientation" / "final" / "config.yaml");
  EXPECT_THAT(config, AllOf(HasSubstr("train800+val200"), HasSubstr("name: random_crop"),
                            Not(HasSubstr("name: flip"))));
  const Outcome set = vtab(Words{"--select"} + sets({"schedule.lr=0.5"}));
  EXPECT_EQ(set.exit_code, 2) << set;
  EXPECT_THAT(set.err, HasSubstr("schedule.lr is decided for each task"));
}

TEST_F(Vtab, RefusesDataThatAreNotTheTasks) {
  write_labelled(dir_ / "data", "dtd", 46, {"train", "validation", "test"});
  const Outcome classes = quick({"--check"});
  EXPECT_EQ(classes.exit_code, 3) << classes;
  EXPECT_THAT(classes.err, AllOf(HasSubstr("task 'dtd' has 47 classes"), HasSubstr("has 46")));

  write_labelled(dir_ / "data", "dtd", 47, {"train", "validation", "test"});
  const Outcome good = quick({"--check"});
  EXPECT_EQ(good.exit_code, 0) << good;
  EXPECT_THAT(good.out, ContainsRegex("dtd +tfrecord +train 4 \\+ 2 .+ test 12 .+ 47 classes"));
  EXPECT_FALSE(fs::exists(dir_ / "out"));

  const auto with_splits = [&](const std::string& val, const std::string& test) {
    write_file(
        dir_ / "small.yaml",
        "title: S\nrecipe: finetune/vtab\ntrain_examples: 4\nval_examples: 2\ntasks:\n  - {task: "
        "dtd, group: G, classes: 47, tfds: dtd, train: 'train[:4]', val: '" +
            val + "', test: '" + test + "'}\n");
    return quick({"--check"});
  };
  const Outcome tested = with_splits("train[4:6]", "train[5:]");
  EXPECT_EQ(tested.exit_code, 3) << tested;
  EXPECT_THAT(tested.err, AllOf(HasSubstr("1 example of"), HasSubstr("train[5:]")));
  EXPECT_EQ(with_splits("train[3:5]", "test").exit_code, 2);
  const Outcome few = with_splits("train[4:7]", "test");
  EXPECT_EQ(few.exit_code, 3) << few;
  EXPECT_THAT(few.err, AllOf(HasSubstr("has 3 examples"), HasSubstr("S takes 2")));
}

TEST_F(Vtab, UsageMistakesAreNamed) {
  fs::create_directories(dir_ / "data");
  const std::vector<std::tuple<Words, int, std::string>> cases = {
      {{"--tasks", "dtt"}, 2, "did you mean 'dtd'"},
      {{"--select", "all"}, 2, "`suite` or `task`"},
      {{"--seeds", "0,1,0"}, 2, "names a seed twice"},
      {{"--seeds", "-1"}, 2, "--seeds"},
      {{"--seeds", "0", "--set", "seed=1"}, 2, "seed is decided for each task"},
      {{"--set", "data={fraction: 0.5}"}, 2, "data.fraction is decided for each task"},
      {{"--set", "data.train=test"}, 2, "data.train is decided for each task"},
      {{}, 3, "holds the data of no task of VTAB-1k"}};
  for (const auto& [words, code, text] : cases) {
    const Outcome outcome = quick(words);
    EXPECT_EQ(outcome.exit_code, code) << outcome;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  }
  const Outcome nowhere = call("vit-vtab", {"--weights", weights(), "--data", "nowhere"});
  EXPECT_EQ(nowhere.exit_code, 3) << nowhere;
  EXPECT_THAT(nowhere.err, HasSubstr("'nowhere' does not exist"));
  EXPECT_EQ(call("vit-vtab", {"--data", "data"}).exit_code, 2);
  EXPECT_EQ(call("vit-vtab", {"--weights", "none.npz", "--data", "data"}).exit_code, 4);
}

}  // namespace
}  // namespace vit::test
