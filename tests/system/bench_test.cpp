// vit-bench prints a JSON line a measurement; what the numbers are is nobody's business here.
#include "system.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

class Bench : public SystemTest {};

TEST_F(Bench, MeasuresALoaderAndPrintsJson) {
  for (const char* name : {"a", "b", "c"})
    write_file(dir_ / "pictures/train/one" / (std::string(name) + ".png"), png(30, 40, 9));
  const Outcome outcome =
      call("vit-bench", {"loader", "--data", "pictures", "--size", "16", "--rounds", "2",
                         "--seconds", "0.05", "--threads", "2", "--set", "data.val=train"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  std::istringstream lines(outcome.out);
  std::map<std::string, Json> found;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    found[json.value("way", json.at("kind"))] = json;
    EXPECT_GT(json.at("images_per_second"), 0) << line;
  }
  ASSERT_TRUE(found.contains("crop") && found.contains("whole") && found.contains("loader"))
      << outcome;
  EXPECT_EQ(found["crop"].at("images"), 3);
  EXPECT_EQ(found["crop"].at("rounds"), 2);
  EXPECT_TRUE(found["crop"].contains("decode_ms"));
  EXPECT_EQ(found["loader"].at("threads"), 2);
}

TEST_F(Bench, RefusesNonsense) {
  EXPECT_EQ(call("vit-bench", {}).exit_code, 2);
  EXPECT_EQ(call("vit-bench", {"loader", "--size", "0"}).exit_code, 2);
  EXPECT_EQ(call("vit-bench", {"loader", "--data", "nowhere"}).exit_code, 3);
}

// Options belong to the word `loader`, which must not hide them from what complains.
TEST_F(Bench, NamesWhatItDoesNotKnow) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"loader", "--szie", "16"}, "unknown option '--szie'; did you mean '--size'?"},
      {{"loader", "--szie=16"}, "unknown option '--szie=16'; did you mean '--size'?"},
      {{"loader", "--frobnicate"}, "unknown option '--frobnicate'\n"},
      {{"loader", "pictures"}, "unexpected argument 'pictures'\n"},
      {{"laoder"}, "unexpected argument 'laoder'; did you mean 'loader'?"},
      {{"--size", "16", "loader"}, "option '--size' stands after the word 'loader'"}};
  for (const auto& [words, text] : cases) {
    const Outcome outcome = call("vit-bench", words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome;
    EXPECT_THAT(outcome.err, testing::HasSubstr("error: " + text));
    EXPECT_THAT(outcome.err, testing::HasSubstr("--help lists the options"));
  }
  EXPECT_EQ(call("vit-bench", {"loader", "-q", "--seconds", "0", "--rounds", "0", "--set",
                               "data.name=synthetic"})
                .exit_code,
            0);
}

}  // namespace
}  // namespace vit::test
