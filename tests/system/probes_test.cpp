// Few-shot and k-NN probes, label maps and valid classes, from the outside.
#include "system.hpp"

#include <gmock/gmock.h>

#include <set>

namespace vit::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ProbePrograms : public SystemTest {
 protected:
  // Weights of a run that tells the four classes of synthetic data apart.
  static const fs::path& weights() {
    static const TempDir folder;
    static const fs::path file = [] {
      const Outcome outcome =
          run({"vit-train", smoke("run", {"steps=1 steps"}), folder.path(), {}});
      EXPECT_EQ(outcome.exit_code, 0) << outcome;
      return folder / "run/checkpoints/last/model.safetensors";
    }();
    return file;
  }
  Outcome eval(const Words& words) const {
    return call("vit-eval", Words{"--weights", weights().string()} + words);
  }
  Json eval_json(const Words& words) const {
    const Outcome outcome = eval(words + Words{"--json", "-"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome;
    return Json::parse(outcome.out, nullptr, false);
  }
  void expect_refused(const Words& words, int exit_code, const Words& parts) const {
    const Outcome outcome = eval(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome;
    EXPECT_THAT(outcome.err, HasSubstr("error: "));
    for (const std::string& part : parts) EXPECT_THAT(outcome.err, HasSubstr(part));
    EXPECT_EQ(outcome.out, "");
  }
};

// What the network saw in the place of such a picture is another one.
TEST_F(ProbePrograms, APictureThatCannotBeReadHasNoPrediction) {
  write_pets(6, {"train", "val"});
  ASSERT_EQ(call("vit-train", smoke("own", {"steps=1 steps", "data={name: folder, root: pets}"}))
                .exit_code,
            0);
  write_file(dir_ / "pets/val/cat/bad.png", "no picture");
  const Outcome outcome = call("vit-eval", {"--run", "own", "--set", "data.on_error=skip",
                                            "--predictions", "p.csv", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(Json::parse(outcome.out)["n"], 12);
  EXPECT_THAT(read_file(dir_ / "p.csv"), HasSubstr("cat/bad.png,,,,\n"));
}

TEST_F(ProbePrograms, ARepeatedSettingIsRefused) {
  write_pets(6, {"train", "val"});
  expect_refused({"--data", "pets", "--few-shot", "1,1"}, 2, {"shots", "twice"});
  expect_refused({"--data", "pets", "--knn", "3,3"}, 2, {"knn.k", "twice"});
}

TEST_F(ProbePrograms, FewShotNeedsNoHeadThatFits) {
  write_pets(6, {"train", "val"});
  const Outcome outcome =
      eval({"--data", "pets", "--few-shot", "1,5", "--knn", "3", "--set", "few_shot.l2=[1, 1024]"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("few_shot"), HasSubstr("shots"), HasSubstr("knn"),
                                 HasSubstr("\u00b1"), Not(HasSubstr("top-5"))));
  EXPECT_THAT(outcome.err, HasSubstr("no class accuracy"));

  const Json found = eval_json({"--data", "pets", "--few-shot", "1,5", "--knn", "3, 5"});
  EXPECT_TRUE(found["top1"].is_null());
  EXPECT_EQ(found["n"], 12);
  ASSERT_EQ(found["few_shot"].size(), 6U);  // two numbers of shots, three seeds
  const Json& first = found["few_shot"][0];
  EXPECT_EQ(first["shots"], 1);
  EXPECT_EQ(first["seed"], 0);
  EXPECT_EQ(first["l2"], 1024);
  EXPECT_EQ(first["n"], 12);
  EXPECT_DOUBLE_EQ(first["top1"].get<double>(), first["count"].get<double>() / 12);
  EXPECT_EQ(found["knn"].size(), 2U);
  EXPECT_EQ(found["knn"][1]["k"], 5);
}

TEST_F(ProbePrograms, AreThereBesideTheClassAccuracyWhereClassesFit) {
  const Words data =
      sets({"data={name: synthetic, size: 20, classes: 4, train_examples: 96, val_examples: 40}"});
  const Json alone = eval_json(data);
  const Json both = eval_json(data + Words{"--few-shot", "2", "--set", "few_shot.order=name"});
  for (const char* key : {"n", "top1_count", "top5_count", "loss"})
    EXPECT_EQ(both[key], alone[key]) << key;
  ASSERT_EQ(both["few_shot"].size(), 1U) << "one order, no seeds";
  EXPECT_TRUE(both["few_shot"][0]["seed"].is_null());
  EXPECT_FALSE(alone.contains("few_shot"));
  EXPECT_TRUE(alone["ece"].is_number());
  EXPECT_TRUE(alone["macro"]["f1"].is_number());
}

TEST_F(ProbePrograms, RefuseWhatTheDataCannotAnswer) {
  write_pets(3, {"train", "val"});
  write_file(dir_ / "lonely/train/cat/1.png", png(18, 20, 200, 0));
  write_file(dir_ / "lonely/val/cat/1.png", png(18, 20, 200, 0));
  const Words pets{"--data", "pets"}, lonely{"--data", "lonely"};
  expect_refused(pets + Words{"--few-shot", "4"}, 3, {"4 shots", "'cat'", "3 examples"});
  expect_refused(lonely + Words{"--few-shot", "1"}, 3, {"one class"});
  expect_refused(pets + Words{"--knn", "7"}, 3, {"7 neighbours", "6"});
  expect_refused(pets + Words{"--few-shot", "0"}, 2, {"--few-shot 0", "few_shot.shots"});
  expect_refused(pets + Words{"--few-shot", "many"}, 2, {"'many'"});
  expect_refused(pets + Words{"--set", "few_shot.ordre=name"}, 2, {"did you mean 'order'"});
  expect_refused(pets + Words{"--few-shot", "1", "--predictions", "p.csv"}, 3, {"'cat'"});
  write_file(dir_ / "labels.csv", "file,label\npets/val/cat/0.png,0\n");
  expect_refused({"--data", ".", "--labels", "labels.csv", "--few-shot", "1"}, 2, {"--labels"});
}

TEST_F(ProbePrograms, LabelMapsSayWhichClassIsWhich) {
  write_pets(6, {"val"});
  expect_refused({"--data", "pets"}, 3, {"'cat'", "--label-map"});
  write_file(dir_ / "map.csv", "class,index\ncat,3\ndog,1\n");
  const Outcome outcome = eval({"--data", "pets", "--label-map", "map.csv", "--predictions",
                                "p.csv", "--set", "classes.among=present", "--json", "r.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, HasSubstr("among 2 of 4 classes"));
  EXPECT_EQ(json_file(dir_ / "r.json")["valid_classes"], 2);
  std::set<std::string> labels, predictions;
  std::istringstream lines(read_file(dir_ / "p.csv"));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const size_t first = line.find(','), second = line.find(',', first + 1);
    labels.insert(line.substr(first + 1, second - first - 1));
    predictions.insert(line.substr(second + 1, line.find(',', second + 1) - second - 1));
  }
  EXPECT_EQ(labels, (std::set<std::string>{"1", "3"}));
  for (const std::string& predicted : predictions) EXPECT_TRUE(labels.contains(predicted));

  write_file(dir_ / "short.csv", "class,index\ncat,3\n");
  expect_refused({"--data", "pets", "--label-map", "short.csv"}, 3, {"'dog'", "short.csv"});
  write_file(dir_ / "far.csv", "class,index\ncat,3\ndog,4\n");
  expect_refused({"--data", "pets", "--label-map", "far.csv"}, 3, {"'dog'", "4", "0 to 3"});
  write_file(dir_ / "list.txt", "cat\ndog\n");
  expect_refused({"--data", "pets", "--label-map", "list.txt"}, 3, {"2 classes", "4"});
  write_file(dir_ / "list.txt", "bird\ndog\nfish\ncat\n");
  const Outcome listed = eval({"--data", "pets", "--label-map", "list.txt", "--per-class"});
  EXPECT_EQ(listed.exit_code, 0) << listed;
  EXPECT_THAT(listed.out, HasSubstr("cat"));
}

// ImageNet-V2's folders are class numbers, which sort as words.
TEST_F(ProbePrograms, FoldersOfNumbersAreNotCountedAsWords) {
  for (const char* name : {"0", "2", "3", "10"}) {
    write_file(dir_ / "numbers/val" / name / "a.png", png(18, 20, 200, 0));
  }
  const Words data{"--data", "numbers"};
  expect_refused(data, 3, {"'10'", "not among"});  // the classes of synthetic data are 0 to 3
  expect_refused(data + Words{"--set", "classes.by=index"}, 3, {"'10'", "4 classes"});
  fs::rename(dir_ / "numbers/val/10", dir_ / "numbers/val/1");
  EXPECT_EQ(eval(data + Words{"--set", "classes.by=index"}).exit_code, 0);
}

TEST_F(ProbePrograms, RealLabelsOfTheWrongLengthAreRefused) {
  write_file(dir_ / "ILSVRC2012_val_00000001.png", png(18, 20, 200, 0));
  write_file(dir_ / "labels.csv", "file,label\nILSVRC2012_val_00000001.png,0\n");
  write_file(dir_ / "real.json", "[[0], [1]]");
  const Words data{"--data", ".", "--labels", "labels.csv", "--real", "real.json"};
  expect_refused(data, 3, {"2 images", "50000"});
  write_file(dir_ / "real.json", "{}");
  expect_refused(data, 3, {"list of lists"});
  std::string lists = "[[0]";
  for (int i = 1; i < 50000; ++i) lists += ",[]";
  write_file(dir_ / "real.json", lists + "]");
  const Json found = eval_json(data);
  EXPECT_EQ(found["real"]["n"], 1);
}

TEST_F(ProbePrograms, AskDuringTraining) {
  const Words probes = {
      "eval.probes=[{name: few_shot, every: 6 steps, shots: [1, 2], seeds: [0, 1]}, "
      "{name: knn, every: 0 steps, k: [5]}]"};
  const Outcome outcome = call("vit-train", smoke("run", probes));
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("few_shot shots 1 l2 1024 top-1"));
  std::map<std::string, int> seen;
  for (const Json& line : json_lines(dir_ / "run/metrics.jsonl")) {
    if (line["kind"] != "probe") continue;
    for (const auto& item : line.items()) EXPECT_TRUE(item.value().is_primitive()) << line;
    EXPECT_EQ(line["n"], 40);
    ++seen[line["probe"].get<std::string>() + line["step"].dump() +
           line["weights"].get<std::string>()];
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{{"few_shot6raw", 4},
                                              {"few_shot6average", 4},
                                              {"few_shot12raw", 4},
                                              {"few_shot12average", 4},
                                              {"knn12raw", 1},
                                              {"knn12average", 1}}));
  // What training computes is that of a run without.
  ASSERT_EQ(call("vit-train", smoke("plain")).exit_code, 0);
  for (const char* file : {"model.safetensors", "state.safetensors"}) {
    EXPECT_EQ(checksum_in(dir_ / "run/checkpoints/last", file),
              checksum_in(dir_ / "plain/checkpoints/last", file));
  }
  // The last answer is what vit-eval says of the checkpoint.
  const Outcome judged =
      call("vit-eval", {"--run", "run", "--checkpoint", "last", "--knn", "5", "--json", "-"});
  const Json found = Json::parse(judged.out, nullptr, false);
  for (const Json& line : json_lines(dir_ / "run/metrics.jsonl")) {
    if (line.value("probe", "") == "knn" && line["weights"] == "raw")
      EXPECT_EQ(line["count"], found["knn"][0]["count"]);
  }
}

TEST_F(ProbePrograms, OfARunAreRefusedBeforeItsFirstStep) {
  write_pets(3, {"train", "val"});
  const Outcome outcome =
      call("vit-train", smoke("run", {"eval.probes=[{name: few_shot, data: pets, shots: [4]}]"}));
  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("4 shots"), HasSubstr("'cat'")));
  EXPECT_FALSE(fs::exists(dir_ / "run"));
  EXPECT_EQ(call("vit-train", smoke("run", {"eval.probes=[{name: few_shot, data: pets, shots: [3], "
                                            "every: 6 steps}]"}))
                .exit_code,
            0);
}

// Other data have a folder of their own: what is known of the run's own stays.
TEST_F(ProbePrograms, EvaluationsOfOtherDataAreKeptApart) {
  ASSERT_EQ(call("vit-train", smoke("run", {"steps=1 steps"})).exit_code, 0);
  write_pets(10);
  const Outcome outcome = call("vit-eval", {"--run", "run", "--data", "pets/", "--few-shot", "2",
                                            "--set", "few_shot.seeds=[0]"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(names_in(dir_ / "run" / "eval"), Words{"pets"});
  EXPECT_EQ(names_in(dir_ / "run" / "eval" / "pets"), Words{"train_90___.json"});
}

}  // namespace
}  // namespace vit::test
