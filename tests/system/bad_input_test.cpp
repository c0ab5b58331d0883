// Bad input: the right exit code, words that say what is wrong, where and what to do, and nothing
// written over.
#include "support/golden.hpp"
#include "system.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace vit::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// From the line that says what is wrong on; earlier lines are the log.
std::string error_text(const std::string& err) {
  if (err.starts_with("error: ")) return err;
  const size_t at = err.find("\nerror: ");
  return at == std::string::npos ? "" : err.substr(at + 1);
}

void expect_clear_error(const Outcome& outcome, int exit_code, const Words& words) {
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome;
  const std::string text = error_text(outcome.err);
  EXPECT_THAT(text, StartsWith("error: ")) << outcome;
  EXPECT_GE(std::count(text.begin(), text.end(), '\n'), 2)
      << "where, or what to do, is missing: " << text;
  for (const std::string& word : words) EXPECT_THAT(text, HasSubstr(word));
  for (const char* noise :
       {"c10", "terminate", "frame #", "Exception raised", "basic_string", "std::", "LOG ERROR"}) {
    EXPECT_THAT(outcome.err, Not(HasSubstr(noise)));
  }
}

struct BadInput {
  std::string name;
  std::string config;  // goes into my.yaml, after "extends: smoke"
  Words words;         // of the message
  int exit_code = 2;
  std::function<void(const fs::path&)> prepare = [](const fs::path&) {};
};

void PrintTo(const BadInput& bad, std::ostream* stream) { *stream << bad.name; }

std::string name_of(const testing::TestParamInfo<BadInput>& info) { return info.param.name; }

// vit-train on my.yaml refuses; whatever was there stays as it was, and nothing new appears.
class BadConfiguration : public SystemTest, public testing::WithParamInterface<BadInput> {};

TEST_P(BadConfiguration, IsRefused) {
  const BadInput& bad = GetParam();
  write_file(dir_ / "my.yaml", "extends: smoke\n" + bad.config);
  bad.prepare(dir_.path());
  const auto before = snapshot(dir_.path());
  const Outcome outcome = call("vit-train", {"--config", "my.yaml", "--run-dir", "run"});
  expect_clear_error(outcome, bad.exit_code, bad.words);
  EXPECT_EQ(outcome.out, "") << "nothing for stdout";
  EXPECT_EQ(snapshot(dir_.path()), before);
}

INSTANTIATE_TEST_SUITE_P(
    Text, BadConfiguration,
    testing::Values(
        BadInput{"UnknownKey",
                 "optimizer: {name: adam, weigth_decay: 0.1}\n",
                 {"my.yaml:2:25", "optimizer.weigth_decay", "did you mean 'weight_decay'?"}},
        BadInput{"UnknownSection",
                 "optimiser: {name: adam}\n",
                 {"my.yaml:2:1", "did you mean 'optimizer'?"}},
        BadInput{"KeyOfAnotherEntry",
                 "optimizer: {name: adam, momentum: 0.9}\n",
                 {"my.yaml:2:25", "momentum", "'sgd'"}},
        BadInput{"WrongType",
                 "batch: {examples: many}\n",
                 {"my.yaml:2:9", "batch.examples", "'many'", "int"}},
        BadInput{"ListForNumber", "seed: [1, 2]\n", {"my.yaml:2", "seed"}},
        BadInput{"NumberForSection", "batch: 128\n", {"my.yaml:2", "batch"}},
        BadInput{"FractionForInteger", "seed: 1.5\n", {"my.yaml:2", "seed", "1.5"}},
        BadInput{"NotANumber", "schedule: {lr: .nan}\n", {"my.yaml:2", "schedule.lr"}},
        BadInput{"TooLarge", "seed: 9223372036854775808\n", {"my.yaml:2", "seed"}},
        BadInput{"OutOfRange", "model: {dropout: 1.5}\n", {"my.yaml:2:9", "model.dropout"}},
        BadInput{"Negative", "seed: -1\n", {"my.yaml:2:1", "seed", "-1"}},
        BadInput{"NoUnit", "steps: 300\n", {"my.yaml:2:1", "steps", "epochs"}},
        BadInput{"WrongUnit", "steps: 3 hours\n", {"my.yaml:2:1", "steps", "run.max_time"}},
        BadInput{"UnknownName", "schedule: {name: cosin}\n", {"my.yaml:2", "'cosin'", "'cosine'"}},
        BadInput{"UnknownValue", "precision: fp8\n", {"my.yaml:2:1", "precision", "fp32"}},
        BadInput{"DuplicateKey",
                 "seed: 1\nlog: {every: 1 steps}\nseed: 2\n",
                 {"my.yaml:4", "seed", "twice", "line 2"}},
        BadInput{"Tab", "batch:\n\texamples: 8\n", {"my.yaml:3:1", "tab", "spaces"}},
        BadInput{"BrokenYaml", "batch: {examples: 8\n", {"my.yaml:", "YAML"}},
        BadInput{"UnsetVariable",
                 "data: {name: folder, root: '${VIT_TEST_NOT_SET}'}\n",
                 {"my.yaml:2", "VIT_TEST_NOT_SET"}},
        BadInput{"AccumulateThatDoesNotDivide",
                 "batch: {examples: 8, accumulate: 3}\n",
                 {"my.yaml:2", "batch.accumulate"}},
        BadInput{
            "HeadsThatDoNotDivide", "model: {heads: 3}\n", {"my.yaml:2:9", "model.heads", "32"}},
        BadInput{
            "PatchLargerThanImage", "model: {patch: 17}\n", {"my.yaml:2:9", "model.patch", "16"}},
        BadInput{"TwoProblemsAtOnce",
                 "seed: -1\nclip: {nrom: 1}\n",
                 {"2 problems", "my.yaml:2:1", "my.yaml:3:8", "'norm'"}},
        BadInput{"RuleThatMatchesNothing",
                 "parameters: [{match: nothing_like_it}]\n",
                 {"nothing_like_it", "patch_embed"}},
        BadInput{"RuleThatIsNoExpression", "parameters: [{match: '(bias'}]\n", {"'(bias'"}},
        BadInput{"NoSuchDevice", "device: gpu\n", {"'gpu'", "cpu"}},
        BadInput{"SliceWithoutEnd", "data: {train: 'train[:5'}\n", {"train[:5", "train[:98%]"}},
        BadInput{"MissingBase",
                 "",
                 {"my.yaml:1:1", "nope.yaml"},
                 2,
                 [](const fs::path& dir) { write_file(dir / "my.yaml", "extends: nope.yaml\n"); }},
        BadInput{"CircleOfBases",
                 "",
                 {"my.yaml:1:1", "circle"},
                 2,
                 [](const fs::path& dir) { write_file(dir / "my.yaml", "extends: my.yaml\n"); }},
        BadInput{"NoMap",
                 "",
                 {"my.yaml:1:1", "list"},
                 2,
                 [](const fs::path& dir) { write_file(dir / "my.yaml", "- a\n"); }},
        BadInput{"NoText",
                 "",
                 {"my.yaml", "UTF-8"},
                 2,
                 [](const fs::path& dir) { write_file(dir / "my.yaml", "\xff\xfe!"); }}),
    name_of);

TEST_F(BadConfiguration, MissingFile) {
  expect_clear_error(call("vit-train", {"--config", "nope.yaml"}), 2, {"'nope.yaml'", "smoke"});
}

TEST_F(BadConfiguration, CudaWhereThereIsNone) {
  const Outcome outcome =
      call("vit-train", smoke("run", {"device=cuda"}), {{"CUDA_VISIBLE_DEVICES", ""}});
  expect_clear_error(outcome, 2, {"'cuda'", "cpu"});
  EXPECT_EQ(names_in(dir_.path()), Words{});
}

std::string folder_data(const std::string& more = "") {
  return "data: {name: folder, root: d" + more + "}\n";
}

void write_classes(const fs::path& dir) {
  for (int i = 0; i < 4; ++i) {
    write_file(dir / "d/train/a" / (std::to_string(i) + ".png"), png(16, 16, 200));
    write_file(dir / "d/train/b" / (std::to_string(i) + ".png"), png(16, 16, 0, 200));
  }
}

// Four IDX files of six pictures; `spoil` then breaks one.
auto idx_files(const std::function<void(const fs::path&)>& spoil) {
  return [spoil](const fs::path& dir) {
    for (const char* split : {"train", "t10k"}) {
      write_file(dir / "d" / (std::string(split) + "-images-idx3-ubyte"), idx_images(6));
      write_file(dir / "d" / (std::string(split) + "-labels-idx1-ubyte"), idx_labels(6));
    }
    spoil(dir / "d");
  };
}

// Six CIFAR files of two records.
auto cifar_files(const std::function<void(const fs::path&)>& spoil) {
  return [spoil](const fs::path& dir) {
    const std::string records =
        cifar_record(std::string(1, '\1'), 0) + cifar_record(std::string(1, '\2'), 9);
    for (const char* name : {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4",
                             "data_batch_5", "test_batch"}) {
      write_file(dir / "d" / (std::string(name) + ".bin"), records);
    }
    spoil(dir / "d");
  };
}

const char* const kIdx = "data: {name: idx, root: d}\n";
const char* const kCifar = "data: {name: cifar10, root: d}\n";

INSTANTIATE_TEST_SUITE_P(
    Data, BadConfiguration,
    testing::Values(
        BadInput{"MissingFolder", folder_data(), {"does not exist", "data.root"}, 3},
        BadInput{"FileInPlaceOfFolder",
                 folder_data(),
                 {"is a file"},
                 3,
                 [](const fs::path& dir) { write_file(dir / "d", "x"); }},
        BadInput{"NoClassFolders",
                 folder_data(),
                 {"no class folders", "looked for", "images.tar"},
                 3,
                 [](const fs::path& dir) { write_file(dir / "d/images.tar", "x"); }},
        BadInput{"EmptyClassFolder",
                 folder_data(),
                 {"d/train/c", "holds no images"},
                 3,
                 [](const fs::path& dir) {
                   write_classes(dir);
                   fs::create_directories(dir / "d/train/c");
                 }},
        BadInput{"ValidationClassOfItsOwn",
                 folder_data(),
                 {"d/val/aa", "a, b"},
                 3,
                 [](const fs::path& dir) {
                   write_classes(dir);
                   write_file(dir / "d/val/aa/1.png", png(16, 16, 9));
                 }},
        BadInput{"UnknownSplit",
                 folder_data(", train: trian"),
                 {"'trian'", "did you mean 'train'?"},
                 3,
                 write_classes},
        BadInput{"EmptySlice",
                 folder_data(", train: 'train[:0]'"),
                 {"train[:0]", "8"},
                 3,
                 write_classes},
        BadInput{"IdxMissing",
                 kIdx,
                 {"no IDX files", "train-labels-idx1-ubyte"},
                 3,
                 [](const fs::path& dir) { fs::create_directory(dir / "d"); }},
        BadInput{"IdxTooShort",
                 kIdx,
                 {"train-images-idx3-ubyte", "wrong length"},
                 3,
                 idx_files([](const fs::path& d) {
                   fs::resize_file(d / "train-images-idx3-ubyte", 50);
                 })},
        BadInput{"IdxTooLong",
                 kIdx,
                 {"train-images-idx3-ubyte", "wrong length"},
                 3,
                 idx_files([](const fs::path& d) {
                   fs::resize_file(d / "train-images-idx3-ubyte", 53);
                 })},
        BadInput{"IdxWrongMagic",
                 kIdx,
                 {"train-images-idx3-ubyte", "no IDX file"},
                 3,
                 idx_files([](const fs::path& d) {
                   write_file(d / "train-images-idx3-ubyte", idx_labels(40));
                 })},
        BadInput{
            "IdxCountsDiffer", kIdx, {"6 images", "5 labels"}, 3, idx_files([](const fs::path& d) {
              write_file(d / "train-labels-idx1-ubyte", idx_labels(5));
            })},
        BadInput{"IdxLabelsWithGap",
                 kIdx,
                 {"out of range", "31", "data.classes"},
                 3,
                 idx_files([](const fs::path& d) {
                   write_file(d / "train-labels-idx1-ubyte", idx({6}, "\1\2\1\2\1\37"));
                 })},
        BadInput{"IdxTestLabelOutOfRange",
                 kIdx,
                 {"t10k-labels-idx1-ubyte", "label out of range"},
                 3,
                 idx_files([](const fs::path& d) {
                   write_file(d / "t10k-labels-idx1-ubyte",
                              idx({6}, std::string("\0\1\2\7\0\1", 6)));
                 })},
        BadInput{
            "IdxZeroBytes",
            kIdx,
            {"train-labels-idx1-ubyte", "0 bytes"},
            3,
            idx_files([](const fs::path& d) { write_file(d / "train-labels-idx1-ubyte", ""); })},
        BadInput{"IdxBrokenGzip",
                 kIdx,
                 {"train-images-idx3-ubyte.gz", "corrupt"},
                 3,
                 idx_files([](const fs::path& d) {
                   fs::remove(d / "train-images-idx3-ubyte");
                   write_file(d / "train-images-idx3-ubyte.gz", "\x1f\x8b\b not really gzip");
                 })},
        BadInput{
            "CifarWrongLength",
            kCifar,
            {"data_batch_3.bin", "wrong length"},
            3,
            cifar_files([](const fs::path& d) { fs::resize_file(d / "data_batch_3.bin", 6000); })},
        BadInput{"CifarLabelOutOfRange",
                 kCifar,
                 {"data_batch_2.bin", "label 10"},
                 3,
                 cifar_files([](const fs::path& d) {
                   write_file(d / "data_batch_2.bin", cifar_record("\n", 0));
                 })},
        BadInput{"CifarFileMissing",
                 kCifar,
                 {"data_batch_4.bin", "incomplete"},
                 3,
                 cifar_files([](const fs::path& d) { fs::remove(d / "data_batch_4.bin"); })}),
    name_of);

// One unreadable picture among good ones.
struct BadPicture {
  std::string name, bytes, reason;
};

void PrintTo(const BadPicture& bad, std::ostream* stream) { *stream << bad.name; }

std::vector<BadPicture> bad_pictures() {
  const std::string good = png(16, 16, 200, 100);
  std::string corrupt = good;
  for (size_t i = 45; i < 60; ++i) corrupt[i] = static_cast<char>(corrupt[i] ^ 0x55);
  return {{"Corrupt", corrupt, "damaged"},
          {"Truncated", good.substr(0, good.size() / 2), "incomplete"},
          {"Empty", "", "empty"},
          {"Misnamed", "GIF89a, whatever its name says", "GIF"}};
}

class BadImages : public SystemTest, public testing::WithParamInterface<BadPicture> {
 protected:
  Words train(const Words& more = {}) const {
    return smoke("run", Words{"data={name: folder, root: d}", "batch={examples: 8, accumulate: 1}",
                              "steps=2 epochs"} +
                            more);
  }
};

TEST_P(BadImages, StopTheRunOrAreSkippedAndNamed) {
  write_classes(dir_.path());
  fs::copy(dir_ / "d/train", dir_ / "d/val", fs::copy_options::recursive);
  write_file(dir_ / "d/train/a/bad.png", GetParam().bytes);
  expect_clear_error(call("vit-train", train()), 3,
                     {"d/train/a/bad.png", GetParam().reason, "data.on_error"});
  EXPECT_EQ(json_file(dir_ / "run/summary.json")["exit"], 3);

  const Outcome skipped = call("vit-train", train({"data.on_error=skip"}) + Words{"--overwrite"});
  EXPECT_EQ(skipped.exit_code, 0) << skipped;
  EXPECT_THAT(skipped.err, AllOf(HasSubstr("warning: "), HasSubstr("d/train/a/bad.png"),
                                 HasSubstr(GetParam().reason)));
  Json event;
  for (const Json& line : json_lines(dir_ / "run/metrics.jsonl")) {
    if (line["kind"] == "event") event = line;
  }
  EXPECT_EQ(event["code"], "data.skipped");
  EXPECT_THAT(event.value("msg", ""),
              AllOf(HasSubstr("d/train/a/bad.png"), StartsWith("2 unreadable")))
      << "once an epoch";
}

INSTANTIATE_TEST_SUITE_P(All, BadImages, testing::ValuesIn(bad_pictures()),
                         [](const auto& info) { return info.param.name; });

// Every hostile file of the reference data at once: none of them may bring the program down.
TEST_F(BadImages, HostileFilesAreSkippedByTheDozen) {
  write_classes(dir_.path());
  const auto hostile = golden_dir() / "hostile" / "image";
  if (!fs::is_directory(hostile)) GTEST_SKIP() << "no " << hostile;
  fs::copy(dir_ / "d/train", dir_ / "d/val", fs::copy_options::recursive);
  fs::copy(hostile, dir_ / "d/train/a");
  const Outcome outcome = call("vit-train", train({"data.on_error=skip"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("zero_bytes.jpg"), HasSubstr("unreadable"),
                                 Not(HasSubstr("valid.png"))));
}

TEST_F(BadImages, NothingButBadOnesEndsTheRunEvenWhenSkipping) {
  for (int i = 0; i < 8; ++i) {
    write_file(dir_ / "d/train/a" / (std::to_string(i) + ".png"), "x");
    write_file(dir_ / "d/train/b" / (std::to_string(i) + ".png"), "x");
  }
  expect_clear_error(call("vit-train", train({"data.on_error=skip", "data.val=train"})), 3,
                     {"d/train"});
}

// An accuracy must not count a picture that nobody could see.
TEST_F(BadImages, EvaluationLeavesThemOutAndNamesThem) {
  write_classes(dir_.path());
  fs::copy(dir_ / "d/train", dir_ / "d/val", fs::copy_options::recursive);
  write_file(dir_ / "d/val/b/bad.png", "not a picture");
  expect_clear_error(call("vit-train", train()), 3, {"d/val/b/bad.png", "data.on_error"});
  const Outcome trained = call("vit-train", train({"data.on_error=skip"}) + Words{"--overwrite"});
  ASSERT_EQ(trained.exit_code, 0) << trained;
  EXPECT_THAT(trained.err, HasSubstr("d/val/b/bad.png"));
  EXPECT_EQ(json_file(dir_ / "run/summary.json")["last"]["n"], 8);
  const Outcome judged = call("vit-eval", {"--run", "run", "--json", "-"});
  EXPECT_EQ(judged.exit_code, 0) << judged;
  EXPECT_THAT(judged.err, AllOf(HasSubstr("warning: "), HasSubstr("d/val/b/bad.png")));
  EXPECT_EQ(Json::parse(judged.out)["n"], 8);
}

}  // namespace
}  // namespace vit::test
