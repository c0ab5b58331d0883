// vit-dedup: from two folders to a list, and from the list to a training without the copies.
#include "data/scene.hpp"
#include "system.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Dedup : public SystemTest {
 protected:
  // Ten pictures to train on; of the three to test on two are copies of the first and the fourth.
  void SetUp() override {
    for (uint64_t i = 0; i < 10; ++i) {
      const std::string folder = i % 2 == 0 ? "train/cat" : "train/dog";
      write_file(dir_ / folder / (std::to_string(i) + ".png"), encode_png(scene(i)));
    }
    write_file(dir_ / "test/cat/same.png", encode_png(scene(0)));
    write_file(dir_ / "test/dog/near, \"poor\".jpg", encode_jpeg(scene(3), 40));
    write_file(dir_ / "test/dog/other.png", encode_png(scene(30)));
  }
};

TEST_F(Dedup, ListsCopiesInEveryFormat) {
  const Outcome table = call("vit-dedup", {"train", "test"});
  EXPECT_EQ(table.exit_code, 0) << table;
  EXPECT_THAT(table.out, AllOf(StartsWith("train      test"), HasSubstr("cat/0.png"),
                               HasSubstr("dog/near, \"poor\".jpg  near")));
  EXPECT_THAT(table.err, HasSubstr("2 of 10 pictures are duplicates (1 exact, 1 near); 3 were"));

  std::istringstream lines(call("vit-dedup", {"train", "test", "--format", "csv"}).out);
  Words csv;
  for (std::string line; std::getline(lines, line);) csv.push_back(line);
  ASSERT_EQ(csv.size(), 3U);
  EXPECT_EQ(csv[0], "train,test,kind,distance,similarity,mirrored");
  EXPECT_EQ(csv[1], "cat/0.png,cat/same.png,exact,0,1.0000,false");
  EXPECT_THAT(csv[2], StartsWith("dog/3.png,\"dog/near, \"\"poor\"\".jpg\",near,"));

  write_file(dir_ / "lines", call("vit-dedup", {"train", "test", "--format", "jsonl", "-q"}).out);
  const std::vector<Json> json = json_lines(dir_ / "lines");
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["train"], "cat/0.png");
  EXPECT_EQ(json[0]["kind"], "exact");
  EXPECT_EQ(json[1]["test"], "dog/near, \"poor\".jpg");
  EXPECT_EQ(json[1]["kind"], "near");
  EXPECT_GT(json[1]["similarity"], 0.9);
}

TEST_F(Dedup, KeepsCopiesOutOfTraining) {
  const Outcome found = call("vit-dedup", {"train", "test", "--exclude", "copies.txt"});
  ASSERT_EQ(found.exit_code, 0) << found;
  EXPECT_EQ(read_file(dir_ / "copies.txt"), "cat/0.png\ndog/3.png\n");
  const auto examples = [&](const std::string& run, const Words& more) {
    const Outcome outcome =
        call("vit-train", smoke(run, Words{"data={name: folder, root: train, val: train}",
                                           "batch={examples: 8, accumulate: 1}", "steps=4 epochs"} +
                                         more));
    EXPECT_EQ(outcome.exit_code, 0) << outcome;
    return json_lines(dir_ / run / "metrics.jsonl").back()["step"];
  };
  EXPECT_EQ(examples("all", {}), 5);  // 40 examples
  EXPECT_EQ(examples("clean", {"data.exclude=copies.txt"}), 4);
}

TEST_F(Dedup, ComparesOneDataSetWithItself) {
  write_file(dir_ / "train/cat/again.png", encode_png(scene(2)));
  const Outcome within =
      call("vit-dedup", {"train", "--within", "--format", "csv", "--exclude", "copies.txt"});
  EXPECT_EQ(within.exit_code, 0) << within;
  EXPECT_THAT(within.out, HasSubstr("\ncat/again.png,cat/2.png,exact,"));
  EXPECT_EQ(read_file(dir_ / "copies.txt"), "cat/again.png\n");

  const Outcome twice =
      call("vit-dedup", {"train", "train", "--train-split", "train", "--test-split", "train"});
  EXPECT_EQ(twice.exit_code, 2) << twice;
  EXPECT_THAT(twice.err, HasSubstr("--within"));
}

TEST_F(Dedup, TakesPackedDataAndSlices) {
  ASSERT_EQ(call("vit-pack", {"test", "--out", "packed"}).exit_code, 0);
  const Outcome outcome = call("vit-dedup", {"train", "packed", "--format", "csv"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, HasSubstr("cat/0.png,cat/same.png,exact"));
  const Outcome sliced = call("vit-dedup", Words{"train", "packed", "--test-split", "train[:1]"} +
                                               sets({"data.train=train[:50%]"}));
  EXPECT_EQ(sliced.exit_code, 0) << sliced;
  EXPECT_THAT(sliced.err, AllOf(HasSubstr(" of 5 pictures"), HasSubstr("; 1 were compared")));
}

TEST_F(Dedup, SaysWhatIsWrong) {
  write_file(dir_ / "train/dog/bad.jpg", "no picture");
  fs::create_directory(dir_ / "empty");
  const std::vector<std::tuple<Words, int, std::string>> cases = {
      {{}, 2, "data.name"},
      {{"train", "nowhere"}, 3, "'nowhere' does not exist"},
      {{"train", "empty"}, 3, "no data set found in 'empty'"},
      {{"train", "test"}, 3, "train/dog/bad.jpg' cannot be read"},
      {{"train", "test", "--test-split", "val"}, 3, "there is no split 'val'"},
      {{"train", "test", "--within"}, 2, "--within"},
      {{"train", "test", "--format", "xml"}, 2, "--format"},
      {{"train", "test", "--distance", "65"}, 2, "--distance"},
      {{"train", "test", "--exlude", "x"}, 2, "did you mean '--exclude'?"}};
  for (const auto& [words, exit_code, text] : cases) {
    const Outcome outcome = call("vit-dedup", words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("error: "), HasSubstr(text)));
    EXPECT_EQ(outcome.out, "");
  }
  const Outcome skipped = call("vit-dedup", Words{"train", "test"} + sets({"data.on_error=skip"}));
  EXPECT_EQ(skipped.exit_code, 0) << skipped;
  EXPECT_THAT(skipped.err, AllOf(HasSubstr("warning: dedup: left out: "), HasSubstr("bad.jpg"),
                                 HasSubstr("; 1 left out")));
}

}  // namespace
}  // namespace vit::test
