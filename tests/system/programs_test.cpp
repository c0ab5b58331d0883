// The programs from the outside: what they print, what they leave on disk, and that each
// understands the others' files.
#include "system.hpp"

#include <gmock/gmock.h>

#include <cstring>

namespace vit::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

// A finished run of configs/smoke.yaml, made once; tests only read it.
class FinishedRun {
 public:
  FinishedRun()
      : outcome(run({"vit-train", {"--config", "smoke", "--run-dir", "run"}, dir_.path(), {}})) {}
  fs::path path() const { return dir_ / "run"; }

 private:
  const TempDir dir_;

 public:
  const Outcome outcome;
};

const FinishedRun& finished() {
  static const FinishedRun run;
  return run;
}

Words keys_of(const Json& object) {
  Words keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

// The last evaluation of these weights in metrics.jsonl.
Json last_evaluation(const fs::path& run_dir, const std::string& weights) {
  Json found;
  for (const Json& line : json_lines(run_dir / "metrics.jsonl")) {
    if (line.value("kind", "") == "eval" && line.value("weights", "") == weights) found = line;
  }
  return found;
}

std::vector<Words> csv_rows(const std::string& text) {
  std::vector<Words> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

// The header of a safetensors file, and where its data begin.
std::pair<Json, size_t> safetensors_header(const std::string& bytes) {
  uint64_t size = 0;
  if (bytes.size() < sizeof size) return {};
  std::memcpy(&size, bytes.data(), sizeof size);
  return {Json::parse(bytes.substr(8, size), nullptr, false), 8 + size};
}

std::string without_comments(const std::string& yaml) {
  std::string text;
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line);)
    text += line.substr(0, line.find("  #")) + "\n";
  return text;
}

class Programs : public SystemTest {};

TEST_F(Programs, TrainingLeavesEveryFileOfTheContract) {
  ASSERT_EQ(finished().outcome.exit_code, 0) << finished().outcome;
  const fs::path place = finished().path();
  EXPECT_THAT(names_in(place),
              IsSupersetOf({"config.yaml", "meta.json", "train.log", "metrics.jsonl",
                            "summary.json", "tb", "checkpoints", "samples"}));
  EXPECT_EQ(names_in(place / "checkpoints"),
            (Words{"best", "last", "step-00000008", "step-00000012"}));
  EXPECT_EQ(fs::read_symlink(place / "checkpoints" / "last"), "step-00000012");
  for (const char* name : {"step-00000008", "step-00000012"}) {
    EXPECT_EQ(names_in(place / "checkpoints" / name),
              (Words{"average.safetensors", "config.yaml", "manifest.json", "model.safetensors",
                     "progress.json", "state.safetensors"}));
  }
  EXPECT_THAT(read_file(place / "samples" / "train_batch0.png"), StartsWith("\x89PNG"));
  const std::string samples = read_file(place / "samples" / "train_batch0.csv");
  EXPECT_THAT(samples, StartsWith("row,column,label,class,file\n1,1,"));
  EXPECT_EQ(std::count(samples.begin(), samples.end(), '\n'), 1 + 16);
  EXPECT_THAT(names_in(place / "tb"), testing::Contains(StartsWith("events.out.tfevents.")));
  const Json meta = json_file(place / "meta.json");
  EXPECT_THAT(keys_of(meta["sessions"][0]),
              IsSupersetOf({"argv", "cwd", "host", "git", "libtorch", "device"}));
}

TEST_F(Programs, ResultsGoToStdoutAndLogsToStderr) {
  const Outcome& outcome = finished().outcome;
  EXPECT_THAT(outcome.out, HasSubstr("checkpoints/step-00000012"));
  EXPECT_THAT(outcome.out, HasSubstr("vit-eval --run run"));
  EXPECT_THAT(outcome.err, HasSubstr("step 12/12"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("img/s")));
  EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("\033")))
      << "no escapes where there is no terminal";
  EXPECT_THAT(outcome.err, Not(HasSubstr("\r")));
}

TEST_F(Programs, MetricsHaveTheKeysOfTheContract) {
  const std::vector<Json> lines = json_lines(finished().path() / "metrics.jsonl");
  const std::map<std::string, Words> keys = {
      {"header", {"schema", "run", "time", "params", "total_steps", "resumed_from"}},
      {"train",
       {"step", "epoch", "examples", "loss", "lr", "grad_norm", "images_per_s", "data_wait"}},
      {"eval", {"step", "split", "weights", "loss", "top1", "top5", "n"}},
      {"checkpoint", {"step", "path", "seconds", "best"}},
      {"end", {"step", "status", "best_top1", "best_step", "wall_s", "exit"}}};
  std::map<std::string, int> seen;
  for (const Json& line : lines) {
    ASSERT_TRUE(line.is_object());
    const std::string kind = line.value("kind", "");
    ++seen[kind];
    ASSERT_TRUE(keys.contains(kind)) << line;
    EXPECT_THAT(keys_of(line), testing::IsSupersetOf(keys.at(kind))) << line;
    for (const auto& item : line.items())
      EXPECT_TRUE(item.value().is_primitive()) << "flat: " << line;
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{
                      {"header", 1}, {"train", 4}, {"eval", 4}, {"checkpoint", 4}, {"end", 1}}));
  EXPECT_EQ(lines.back()["exit"], 0);
  EXPECT_EQ(lines.back()["status"], "done");
  EXPECT_EQ(lines[1]["step"], 3);
  EXPECT_EQ(lines[1]["examples"], 48);
}

TEST_F(Programs, SummaryAgreesWithTheMetrics) {
  const Json summary = json_file(finished().path() / "summary.json");
  const Json raw = last_evaluation(finished().path(), "raw"),
             average = last_evaluation(finished().path(), "average");
  EXPECT_EQ(summary["status"], "done");
  EXPECT_EQ(summary["exit"], 0);
  EXPECT_EQ(summary["step"], 12);
  for (const char* key : {"top1", "top5", "loss", "n", "step", "top1_count"}) {
    EXPECT_EQ(summary["last"][key], raw[key]) << key;
    EXPECT_EQ(summary["last_average"][key], average[key]) << key;
  }
  EXPECT_EQ(summary["best"]["top1_count"], std::max(raw["top1_count"], average["top1_count"]));
}

TEST_F(Programs, StoredConfigurationIsAConfiguration) {
  const fs::path stored = finished().path() / "config.yaml";
  EXPECT_EQ(call("vit-train", {"--config", stored.string(), "--check"}).out, "configuration ok\n");
  const Outcome printed = call("vit-train", {"--config", stored.string(), "--print-config"});
  EXPECT_EQ(without_comments(printed.out), without_comments(read_file(stored)));
  EXPECT_THAT(read_file(stored), ContainsRegex("examples: 16 +# .*smoke.yaml:4"))
      << "says where a value comes from";
}

TEST_F(Programs, PrintedConfigurationsMeanTheSame) {
  const Words base{"--config", "smoke", "--set", "schedule.lr=0.005"};
  const Outcome full = call("vit-train", base + Words{"--print-config"});
  const Outcome minimal = call("vit-train", base + Words{"--print-config", "minimal"});
  ASSERT_EQ(full.exit_code, 0) << full;
  ASSERT_EQ(minimal.exit_code, 0) << minimal;
  EXPECT_THAT(full.out, ContainsRegex("lr: 0.005 +# --set"));
  EXPECT_LT(minimal.out.size(), full.out.size() / 2);
  for (const Outcome& printed : {full, minimal}) {
    write_file(dir_ / "printed.yaml", printed.out);
    const Outcome again = call("vit-train", {"--config", "printed.yaml", "--print-config"});
    EXPECT_EQ(without_comments(again.out), without_comments(full.out));
  }
}

TEST_F(Programs, EvaluationRepeatsTheLastOneOfTheRun) {
  const fs::path place = finished().path();
  const Outcome outcome =
      call("vit-eval", {"--run", place.string(), "--checkpoint", "last", "--json", "-",
                        "--predictions", "p.csv", "--logits", "l.safetensors"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  const Json found = Json::parse(outcome.out, nullptr, false);
  ASSERT_TRUE(found.is_object()) << "stdout is JSON and nothing else:\n" << outcome.out;
  const Json raw = last_evaluation(place, "raw"), average = last_evaluation(place, "average");
  for (const char* key : {"n", "top1_count", "top5_count"}) {
    EXPECT_TRUE(found[key].is_number_integer());
    EXPECT_EQ(found[key], raw[key]) << key;
    EXPECT_EQ(found["average"][key], average[key]) << key;
  }
  EXPECT_EQ(found["model"], "vit");
  EXPECT_DOUBLE_EQ(found["top1"].get<double>(), found["top1_count"].get<double>() / 40);
  EXPECT_NEAR(found["loss"].get<double>(), raw["loss"].get<double>(), 1e-6);
  EXPECT_THAT(keys_of(found), IsSupersetOf({"top5", "images_per_s"}));
}

TEST_F(Programs, PredictionsAndLogitsTellTheSameStory) {
  const Outcome outcome =
      call("vit-eval", {"--run", finished().path().string(), "--predictions", "p.csv", "--logits",
                        "l.safetensors", "--json", "r.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  const std::vector<Words> rows = csv_rows(read_file(dir_ / "p.csv"));
  ASSERT_EQ(rows.size(), 41U);
  EXPECT_EQ(rows[0], (Words{"file", "label", "prediction", "class", "probability"}));

  const std::string bytes = read_file(dir_ / "l.safetensors");
  const auto [header, start] = safetensors_header(bytes);
  ASSERT_TRUE(header.is_object());
  EXPECT_EQ(header["logits"]["shape"], (Json{40, 4}));
  EXPECT_EQ(header["logits"]["dtype"], "F32");
  const Json files = Json::parse(header["__metadata__"]["files"].get<std::string>());
  ASSERT_EQ(files.size(), 40U);
  std::vector<float> logits(160);
  ASSERT_EQ(bytes.size(), start + 4 * logits.size());
  std::memcpy(logits.data(), bytes.data() + start, 4 * logits.size());

  int right = 0;
  for (size_t i = 0; i < 40; ++i) {
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(4 * i);
    EXPECT_EQ(rows[i + 1][2], std::to_string(std::max_element(row, row + 4) - row))
        << "example " << i;
    EXPECT_EQ(files[i], rows[i + 1][0]);
    right += rows[i + 1][1] == rows[i + 1][2];
  }
  EXPECT_EQ(json_file(dir_ / "r.json")["top1_count"], right);
}

TEST_F(Programs, EvaluationOfWeightsAloneNeedsOnlyTheFile) {
  const fs::path best = finished().path() / "checkpoints" / "best";
  fs::copy_file(best / "model.safetensors", dir_ / "alone.safetensors");
  const Words data =
      sets({"data={name: synthetic, size: 20, classes: 4, train_examples: 96, val_examples: 40}"});
  const Outcome outcome =
      call("vit-eval", Words{"--weights", "alone.safetensors", "--json", "-"} + data);
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(Json::parse(outcome.out)["top1_count"],
            last_evaluation(finished().path(), "raw")["top1_count"]);
}

TEST_F(Programs, PerClassTableAndFilesOfARun) {
  fs::copy(finished().path(), dir_ / "copy",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  const Outcome outcome = call("vit-eval", {"--run", "copy", "--per-class"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, HasSubstr("macro"));
  EXPECT_EQ(names_in(dir_ / "copy" / "eval"),
            (Words{"val.json", "val_confusion.csv", "val_per_class.csv"}));
  int examples = 0;
  for (const Words& row : csv_rows(read_file(dir_ / "copy" / "eval" / "val_per_class.csv"))) {
    if (row[0] != "class") examples += std::stoi(row[2]);
  }
  EXPECT_EQ(examples, 40);
}

TEST_F(Programs, FinetuneNeedsNoConfiguration) {
  write_pets(10);
  // The recipe's batch of 512 on a handful of pictures: two steps are plenty.
  const Outcome outcome =
      call("vit-finetune", {"--weights", finished().path().string(), "--data", "pets", "--run-dir",
                            "tuned", "--set", "steps=2 steps"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("head.weight")) << "says what was adapted";
  const Json evaluation = last_evaluation(dir_ / "tuned", "raw");
  EXPECT_EQ(evaluation["n"], 2);
  const auto [header, start] =
      safetensors_header(read_file(dir_ / "tuned/checkpoints/last/model.safetensors"));
  EXPECT_EQ(header["head.weight"]["shape"], (Json{2, 32}));
  EXPECT_EQ(header["__metadata__"]["class_names"], R"(["cat","dog"])");
  const Outcome judged = call("vit-eval", {"--run", "tuned", "--json", "-"});
  ASSERT_EQ(judged.exit_code, 0) << judged;
  EXPECT_EQ(Json::parse(judged.out)["n"], 2);
}

TEST_F(Programs, FinetuneResizesPositionEmbeddings) {
  write_pets(4, {"train", "val"});
  const Outcome outcome =
      call("vit-finetune", {"--weights", finished().path().string(), "--data", "pets", "--run-dir",
                            "tuned", "--set", "steps=1 steps", "--set",
                            "batch={examples: 8, accumulate: 1}", "--set", "model.image=24"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("pos_embed"));
  const auto [header, start] =
      safetensors_header(read_file(dir_ / "tuned/checkpoints/last/model.safetensors"));
  EXPECT_EQ(header["pos_embed"]["shape"], (Json{1, 37, 32}));
  EXPECT_EQ(last_evaluation(dir_ / "tuned", "raw")["n"], 8);
}

TEST_F(Programs, FinetuneFollowsTheHyperRule) {
  write_pets(4);
  const Words rule{"--weights", finished().path().string(), "--data", "pets",
                   "--config",  "finetune/bit_hyperrule"};
  const Outcome printed = call("vit-finetune", rule + Words{"--print-config"});
  ASSERT_EQ(printed.exit_code, 0) << printed;
  EXPECT_THAT(printed.out, ContainsRegex("steps: 500 steps +# the BiT-HyperRule"));
  EXPECT_THAT(printed.out, ContainsRegex("image: 128 +# the BiT-HyperRule"));
  EXPECT_THAT(printed.out, ContainsRegex("warmup: 0 steps"));
  const Outcome own =
      call("vit-finetune", rule + Words{"--set", "steps=9 steps", "--print-config", "minimal"});
  EXPECT_THAT(own.out, HasSubstr("steps: 9 steps"));
}

TEST_F(Programs, FinetunedRunsAreResumedLikeOthers) {
  write_pets(4);
  const Words tune{"--weights", finished().path().string(),
                   "--data",    "pets",
                   "--run-dir", "tuned",
                   "--set",     "steps=1 steps",
                   "--set",     "batch={examples: 8, accumulate: 1}"};
  ASSERT_EQ(call("vit-finetune", tune).exit_code, 0);
  const Outcome again = call("vit-finetune", tune + Words{"--resume", "auto"});
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.err, HasSubstr("resuming at step 1/1"));
  EXPECT_EQ(call("vit-train", {"--run-dir", "tuned", "--resume"}).exit_code, 0);
}

TEST_F(Programs, DryRunLeavesNothingBehind) {
  const Outcome outcome =
      call("vit-train", {"--config", "smoke", "--dry-run", "--run-dir", "runs/x"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  for (const char* word : {"config", "data", "decoded 64 samples: 0 errors", "model", "one step",
                           "checkpoint", "estimate", "data can feed"})
    EXPECT_THAT(outcome.out, HasSubstr(word));
  EXPECT_EQ(names_in(dir_.path()), Words{});
}

TEST_F(Programs, DryRunCountsPicturesThatCannotBeRead) {
  write_pets(12, {"train", "val"});
  write_file(dir_ / "pets/train/cat/bad.png", "no picture");
  const Words dry = smoke("run", {"data={name: folder, root: pets}"}) + Words{"--dry-run"};
  const Outcome refused = call("vit-train", dry);
  EXPECT_EQ(refused.exit_code, 3) << refused;
  EXPECT_THAT(refused.err, HasSubstr("cat/bad.png"));
  const Outcome counted = call("vit-train", dry + sets({"data.on_error=skip"}));
  EXPECT_EQ(counted.exit_code, 0) << counted;
  EXPECT_THAT(counted.out, testing::ContainsRegex("decoded 64 samples: [23] errors"));
}

}  // namespace
}  // namespace vit::test
