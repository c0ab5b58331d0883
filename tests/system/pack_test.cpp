// vit-pack: what is trained from packed records is what is trained from the files, however often
// the packing was interrupted.
#include "vit/core/random.hpp"

#include "system.hpp"
#include "tiny_disk.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Pack : public SystemTest {
 protected:
  // 200 pictures that take a while: links to one of noise.
  void write_many() const {
    Image image(320, 320, 3);
    Random random(1);
    for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.below(256));
    write_file(dir_ / "many/train/a/000.png", encode_png(image));
    for (int i = 1; i < 200; ++i) {
      const std::string name = std::to_string(1000 + i).substr(1) + ".png";
      fs::create_hard_link(dir_ / "many/train/a/000.png", dir_ / "many/train/a" / name);
    }
  }
  static Words small_shards(const std::string& out) {
    return {"many", "--out", out, "--resize", "16", "--per-shard", "10"};
  }
  static int shards_in(const fs::path& folder) {
    int shards = 0;
    for (const std::string& name : names_in(folder)) shards += name.ends_with(".vitrec") ? 1 : 0;
    return shards;
  }
};

TEST_F(Pack, TrainsAndEvaluatesAsFromTheFiles) {
  write_pets(12, {"train", "val"});
  const Outcome packed = call("vit-pack", {"pets", "--out", "packed", "--per-shard", "5"});
  ASSERT_EQ(packed.exit_code, 0) << packed;
  EXPECT_THAT(packed.out, StartsWith("10 shards written, 0 were there; 48 pictures"));
  for (const std::string source : {"folder, root: pets", "records, root: packed"}) {
    const Outcome trained = call(
        "vit-train", smoke(source.substr(0, source.find(',')), {"data={name: " + source + "}"}));
    ASSERT_EQ(trained.exit_code, 0) << trained;
  }
  for (const char* file : {"model.safetensors", "average.safetensors"}) {
    EXPECT_EQ(checksum_in(dir_ / "folder/checkpoints/last", file),
              checksum_in(dir_ / "records/checkpoints/last", file));
  }
  std::vector<Json> results;
  for (const char* data : {"pets", "packed"}) {
    const Outcome judged = call("vit-eval", {"--run", "folder", "--data", data, "--split", "val",
                                             "--json", "-", "--predictions", "p.csv"});
    ASSERT_EQ(judged.exit_code, 0) << judged;
    results.push_back(Json::parse(judged.out));
    results.back().erase("images_per_s");
    results.back()["average"].erase("images_per_s");
    results.back()["predictions"] = read_file(dir_ / "p.csv");
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0]["n"], 24);
}

TEST_F(Pack, GoesOnAfterBeingKilledAndInterrupted) {
  write_many();
  ASSERT_EQ(call("vit-pack", small_shards("whole")).exit_code, 0);
  for (const int signal : {SIGKILL, SIGINT, SIGTERM}) {
    const int before = shards_in(dir_ / "out");
    Process process(command("vit-pack", small_shards("out")));
    ASSERT_TRUE(process.wait_until([&] { return shards_in(dir_ / "out") > before; }));
    process.send(signal);
    const Outcome outcome = process.wait();
    ASSERT_LT(shards_in(dir_ / "out"), 20) << "ended too soon to be interrupted" << outcome;
    if (signal == SIGKILL) continue;
    EXPECT_EQ(outcome.exit_code, signal == SIGINT ? 130 : 75) << outcome;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("error: stopped after"), HasSubstr("goes on")));
    EXPECT_EQ(outcome.out, "");
  }
  const Outcome early = call("vit-train", smoke("run", {"data={name: records, root: out}"}));
  EXPECT_EQ(early.exit_code, 3) << early;
  EXPECT_THAT(early.err, AllOf(HasSubstr("is missing"), HasSubstr("run vit-pack again")));
  const Outcome rest = call("vit-pack", small_shards("out"));
  EXPECT_EQ(rest.exit_code, 0) << rest;
  EXPECT_THAT(rest.out, Not(HasSubstr(" 0 were there")));
  EXPECT_EQ(snapshot(dir_ / "out"), snapshot(dir_ / "whole")) << "and no leftovers";
  EXPECT_THAT(call("vit-pack", small_shards("out")).out, StartsWith("0 shards written, 20 were"));
}

TEST_F(Pack, RefusesToMixDataOrOptions) {
  write_pets(4);
  ASSERT_EQ(call("vit-pack", {"pets", "--out", "out"}).exit_code, 0);
  const auto before = snapshot(dir_ / "out");
  const auto expect_refusal = [&](const Words& words) {
    const Outcome outcome = call("vit-pack", words);
    EXPECT_EQ(outcome.exit_code, 3) << outcome;
    EXPECT_THAT(outcome.err, StartsWith("error: 'out' holds records of other data or options"));
    EXPECT_EQ(snapshot(dir_ / "out"), before);
  };
  expect_refusal({"pets", "--out", "out", "--resize", "8"});
  expect_refusal({"pets", "--out", "out", "--split", "train[:50%]"});
  write_file(dir_ / "pets/cat/new.png", png(9, 9, 1));
  expect_refusal({"pets", "--out", "out"});
  fs::rename(dir_ / "pets/cat/new.png", dir_ / "pets/dog/0.png");
  fs::remove(dir_ / "pets/cat/0.png");
  expect_refusal({"pets", "--out", "out"});  // as many as before
}

TEST_F(Pack, NamesAWrongOption) {
  write_pets(2);
  const std::vector<std::tuple<Words, int, std::string>> cases = {
      {{"pets"}, 2, "--out"},
      {{"--out", "out"}, 2, "data.name"},
      {{"nowhere", "--out", "out"}, 3, "'nowhere' does not exist"},
      {{"pets", "--out", "out", "--rezise", "8"}, 2, "did you mean '--resize'?"},
      {{"pets", "--otu", "out"}, 2, "did you mean '--out'?"},
      {{"pets", "--out", "out", "--resize", "8", "--raw", "8"}, 2, "choose one"},
      {{"pets", "--out", "out", "--quality", "0"}, 2, "--quality"},
      {{"pets", "--out", "out", "--per-shard", "0"}, 2, "--per-shard"},
      {{"pets", "--out", "out", "--split", "tset"}, 3, "there is no split 'tset'"},
      {{"pets", "--out", "pets/cat/0.png"}, 3, "pets/cat/0.png"}};
  for (const auto& [words, exit_code, text] : cases) {
    const Outcome outcome = call("vit-pack", words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("error: "), HasSubstr(text)));
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(names_in(dir_.path()), Words{"pets"});
  }
}

TEST_F(Pack, LeavesOutWhatCannotBeReadOnlyWhenAsked) {
  write_pets(3);
  write_file(dir_ / "pets/cat/bad.png", "no picture");
  const Words words = {"pets", "--out", "out", "--resize", "8"};
  const Outcome refused = call("vit-pack", words);
  EXPECT_EQ(refused.exit_code, 3) << refused;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("cat/bad.png"), HasSubstr("data.on_error")));
  fs::remove_all(dir_ / "out");
  const Outcome skipped = call("vit-pack", words + sets({"data.on_error=skip"}));
  EXPECT_EQ(skipped.exit_code, 0) << skipped;
  EXPECT_THAT(skipped.out, AllOf(HasSubstr("6 pictures"), HasSubstr("1 left out")));
  EXPECT_THAT(skipped.err, ContainsRegex("warning: .*cat/bad.png"));
}

// No room for a shard: nothing half-written stays, and with room again the packing goes on.
TEST_F(Pack, SurvivesFilesThatCannotGrow) {
  write_many();
  const Words words = {"many", "--out", "out", "--raw", "64", "--per-shard", "10"};
  const Outcome full = run({"/bin/sh",
                            Words{"-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\"",
                                  (bin_dir() / "vit-pack").string()} +
                                words,
                            dir_.path(),
                            {}});
  EXPECT_EQ(full.exit_code, 3) << full;
  EXPECT_THAT(full.err,
              AllOf(HasSubstr("error: "), HasSubstr("train-00000"), HasSubstr("File too large")));
  EXPECT_EQ(names_in(dir_ / "out"), Words{"records.json"});
  EXPECT_EQ(call("vit-pack", words).exit_code, 0);
}

TEST_F(Pack, SurvivesADiskThatIsFull) {
  const TinyDisk disk(dir_ / "disk", "600k");
  if (!disk.mounted()) GTEST_SKIP() << "may not mount a file system here";
  write_many();
  const Outcome full =
      call("vit-pack", {"many", "--out", "disk/out", "--raw", "64", "--per-shard", "10"});
  EXPECT_EQ(full.exit_code, 3) << full;
  EXPECT_THAT(full.err, HasSubstr("No space left"));
  EXPECT_THAT(names_in(dir_ / "disk/out"), testing::Each(Not(HasSubstr(".part"))));
  EXPECT_GE(shards_in(dir_ / "disk/out"), 1);
}

}  // namespace
}  // namespace vit::test
