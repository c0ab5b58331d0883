// Weights as users meet them: vit-convert, vit-models, and weights of every format in the programs.
#include "vit/runtime/tensor_file.hpp"

#include "support/golden.hpp"
#include "system.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Names, shapes and every bit of the values; what the files say about themselves may differ.
void expect_same_tensors(const fs::path& a, const fs::path& b, const std::string& what) {
  const TensorFile first(a), second(b);
  ASSERT_EQ(first.names(), second.names()) << what;
  for (const std::string& name : first.names())
    EXPECT_TRUE(at::equal(first.tensor(name), second.tensor(name))) << what << ": " << name;
}

class WeightsOfPrograms : public SystemTest {
 protected:
  fs::path golden(const std::string& file) const { return golden_dir() / file; }

  Json inspect(const fs::path& file) const {
    const Outcome outcome = call("vit-convert", {"--inspect", file.string(), "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome;
    return Json::parse(outcome.out, nullptr, false);
  }

  // Names, types, shapes: what inspection says but where it lies.
  Json tensors(const fs::path& file) const { return inspect(file).at("tensors"); }

  Outcome convert(const Words& words) const { return call("vit-convert", words); }
};

TEST_F(WeightsOfPrograms, EveryContainerOfOneNetworkGivesTheSameFile) {
  const fs::path plain = dir_ / "plain.safetensors";
  ASSERT_EQ(convert({golden("npz/vit_token.npz").string(), plain.string()}).exit_code, 0);
  for (const char* form : {"linen", "deflate", "opt_target", "fortran"}) {
    const fs::path other = dir_ / (std::string(form) + ".safetensors");
    const fs::path in = golden(std::string("npz/vit_token.") + form + ".npz");
    ASSERT_EQ(convert({in.string(), other.string()}).exit_code, 0) << form;
    expect_same_tensors(other, plain, form);
  }
}

TEST_F(WeightsOfPrograms, TripsThroughOtherLayoutsAreExact) {
  const std::string start = (dir_ / "start.safetensors").string();
  ASSERT_EQ(convert({golden("npz/vit_token.npz").string(), start}).exit_code, 0);
  const std::vector<Words> trips = {{"there.npz"},
                                    {"there.safetensors", "--layout", "torchvision"},
                                    {"there.safetensors", "--layout", "huggingface"},
                                    {"there"}};
  for (const Words& trip : trips) {
    const std::string there = (dir_ / "trip" / trip[0]).string();
    const std::string back = (dir_ / "back.safetensors").string();
    fs::create_directories(dir_ / "trip");
    Words words{start, there};
    words.insert(words.end(), trip.begin() + 1, trip.end());
    const Outcome out = convert(words + sets({"model.heads=4"}));
    ASSERT_EQ(out.exit_code, 0) << out;
    const Outcome home = convert(Words{there, back} + sets({"model.heads=4"}));
    ASSERT_EQ(home.exit_code, 0) << home;
    expect_same_tensors(back, start, trip.back());
    fs::remove_all(dir_ / "trip");
  }
}

TEST_F(WeightsOfPrograms, LayoutNamesTheSideThatIsNotTimm) {
  const fs::path hf = golden("models/names_huggingface.safetensors");
  const std::string timm = (dir_ / "timm.safetensors").string();
  // Recognised, and named: the input's.
  ASSERT_EQ(convert({hf.string(), timm}).exit_code, 0);
  EXPECT_EQ(inspect(timm).at("layout"), "timm");
  const std::string named = (dir_ / "named.safetensors").string();
  ASSERT_EQ(convert({hf.string(), named, "--layout", "huggingface"}).exit_code, 0);
  expect_same_tensors(named, timm, "named");
  // The output's.
  const std::string tv = (dir_ / "tv.safetensors").string();
  ASSERT_EQ(convert({hf.string(), tv, "--layout", "torchvision"}).exit_code, 0);
  EXPECT_EQ(inspect(tv).at("layout"), "torchvision");
  const Outcome wrong = convert({hf.string(), timm, "--layout", "jax"});
  EXPECT_EQ(wrong.exit_code, 2) << wrong;
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("cannot hold"), HasSubstr("huggingface")));
  const Outcome unknown = convert({hf.string(), timm, "--layout", "hugginface"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'huggingface'?"));
}

TEST_F(WeightsOfPrograms, InspectionListsWhatIsThere) {
  const Json json = inspect(golden("npz/hybrid.npz"));
  EXPECT_EQ(json.at("format"), "npz");
  EXPECT_EQ(json.at("layout"), "jax");
  EXPECT_EQ(json.at("model"), "vit");
  const Outcome table = call("vit-convert", {"--inspect", golden("npz/hybrid.npz").string()});
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_THAT(table.out, AllOf(HasSubstr("conv_root/kernel"), HasSubstr("7x7x3x32"),
                               HasSubstr("float"), HasSubstr("names of jax")));
}

TEST_F(WeightsOfPrograms, OtherResolutionsAreResampled) {
  const std::string large = (dir_ / "large.safetensors").string();
  const Outcome outcome = convert(Words{golden("npz/vit_token.npz").string(), large} +
                                  sets({"model.image=48x64", "model.patch=16"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("resized"), HasSubstr("adapted")));
  for (const Json& tensor : tensors(large)) {
    if (tensor.at("name") == "pos_embed") EXPECT_EQ(tensor.at("shape"), Json({1, 13, 32}));
    if (tensor.at("name") == "patch_embed.proj.weight")
      EXPECT_EQ(tensor.at("shape"), Json({32, 3, 16, 16}));
  }
}

// 4 x 6 patches: a grid that counting does not tell, and whose size another one has, too.
TEST_F(WeightsOfPrograms, FilesRememberTheirGrid) {
  const std::string first = (dir_ / "first.safetensors").string();
  ASSERT_EQ(
      convert(Words{golden("npz/vit_token.npz").string(), first} + sets({"model.image=32x48"}))
          .exit_code,
      0);
  for (const char* image : {"64x64", "48x32"}) {
    const std::string second = (dir_ / "second.safetensors").string();
    const Outcome outcome =
        convert(Words{first, second} + sets({std::string("model.image=") + image}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("pos_embed 4x6 -> "), Not(HasSubstr("note"))));
    const TensorFile a(first), b(second);
    EXPECT_TRUE(at::equal(a.tensor("pos_embed").select(1, 0), b.tensor("pos_embed").select(1, 0)))
        << "the class token's entry";
  }
}

// Position tables that follow from the configuration are written although the file has none.
TEST_F(WeightsOfPrograms, FixedPositionTablesAreWritten) {
  const std::string in = golden("npz/big_vision_sincos2d_gap_rep.npz").string();
  const Outcome plain = convert({in, "plain.safetensors"});
  EXPECT_EQ(plain.exit_code, 4) << plain;
  EXPECT_THAT(plain.err, AllOf(HasSubstr("pos_embed"), HasSubstr("sincos2d")));
  const fs::path out = dir_ / "fixed.safetensors";
  const Outcome fixed =
      convert(Words{in, out.string()} + sets({"model.position_embedding=sincos2d"}));
  ASSERT_EQ(fixed.exit_code, 0) << fixed;
  EXPECT_TRUE(TensorFile(out).contains("pos_embed"));
}

TEST_F(WeightsOfPrograms, ConfigJsonIsReadStrictly) {
  const std::string first = (dir_ / "first.safetensors").string();
  const fs::path there = dir_ / "there";
  ASSERT_EQ(convert({golden("npz/vit_token.npz").string(), first}).exit_code, 0);
  ASSERT_EQ(convert({first, there.string()}).exit_code, 0);
  const Json sound = json_file(there / "config.json");
  const std::vector<std::pair<std::string, Json>> wrong = {{"hidden_act", "relu"},
                                                           {"num_attention_heads", -3},
                                                           {"num_attention_heads", 3.7},
                                                           {"num_attention_heads", 7},
                                                           {"layer_norm_eps", -1}};
  for (const auto& [key, value] : wrong) {
    Json changed = sound;
    changed[key] = value;
    write_file(there / "config.json", changed.dump());
    const Outcome outcome = convert({there.string(), "back.safetensors"});
    EXPECT_EQ(outcome.exit_code, 4) << outcome;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("config.json"), HasSubstr(key)));
  }
  EXPECT_FALSE(fs::exists(dir_ / "back.safetensors"));
}

TEST_F(WeightsOfPrograms, BadInputIsRefusedAndNothingIsWritten) {
  write_file(dir_ / "page.npz", "<html>not found</html>");
  const std::string tiny = golden("npz/vit_token.npz").string();
  const auto before = snapshot(dir_.path());
  const std::vector<std::tuple<Words, int, std::string>> cases = {
      {{"page.npz", "out.safetensors"}, 4, "page.npz"},
      {{"nowhere.npz", "out.safetensors"}, 4, "nowhere.npz"},
      {{tiny, "out.pth"}, 2, "pickles are only read"},
      {{tiny, "out.bin"}, 2, "FILE.safetensors"},
      {{tiny}, 2, "IN and OUT"},
      {{tiny, "nowhere/out.safetensors"}, 4, "folder that exists"},
      {{tiny, "page.npz/out"}, 4, "page.npz"},
      {{"--inspect", tiny, "--model", "vit_b16"}, 2, "--model"},
      {{tiny, "out.safetensors", "--json"}, 2, "--inspect"},
      {{golden("models/names_huggingface.safetensors").string(), "out", "--layout", "torchvision"},
       2,
       "cannot hold"},
      {{tiny, "out.safetensors", "--model", "vit_b16"}, 4, "do not fit"},
      {{golden("npz/hybrid.npz").string(), "out", "--layout", "huggingface"}, 4, "transformers"},
  };
  for (const auto& [words, code, text] : cases) {
    const Outcome outcome = convert(words);
    EXPECT_EQ(outcome.exit_code, code) << outcome;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("error: "), HasSubstr(text)));
    EXPECT_EQ(snapshot(dir_.path()), before) << outcome;
  }
}

TEST_F(WeightsOfPrograms, AMisfitNamesThePresetThatFits) {
  const Json zoo = json_file(golden("zoo.json")).at("timm").at("vit_tiny_patch16_224");
  std::string header = "{";
  int64_t offset = 0;
  for (const Json& entry : zoo.at("params")) {
    int64_t bytes = 2;
    for (const Json& extent : entry[1]) bytes *= extent.get<int64_t>();
    header += (offset > 0 ? "," : "") + entry[0].dump() + R"(:{"dtype":"F16","shape":)" +
              entry[1].dump() + R"(,"data_offsets":[)" + std::to_string(offset) + "," +
              std::to_string(offset + bytes) + "]}";
    offset += bytes;
  }
  header += "}";
  const uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  write_file(dir_ / "tiny.safetensors", bytes + header + std::string(offset, '\0'));
  write_pets();
  const Outcome wrong =
      call("vit-eval", {"--weights", "tiny.safetensors", "--model", "vit_s16", "--data", "pets"});
  EXPECT_EQ(wrong.exit_code, 4) << wrong;
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("do not fit"), HasSubstr("blocks.0"), HasSubstr("192"),
                               HasSubstr("vit_ti16")));
  const Outcome unclear = call("vit-eval", {"--weights", "tiny.safetensors", "--data", "pets"});
  EXPECT_EQ(unclear.exit_code, 4) << unclear;
  EXPECT_THAT(unclear.err, AllOf(HasSubstr("vit_ti16"), HasSubstr("deit_ti16")));
  const Outcome right = call("vit-convert", {"--inspect", "tiny.safetensors"});
  EXPECT_THAT(right.out, AllOf(HasSubstr("vit_ti16"), HasSubstr("all zeros")));
}

TEST_F(WeightsOfPrograms, FineTuneFromEveryFormat) {
  write_pets(6, {"train", "val"});
  const std::vector<std::string> files = {"npz/vit_token.npz", "npz/vit_gap.npz",
                                          "npz/hybrid_stem_only.npz", "npz/big_vision_map.npz",
                                          "npz/bit_v2_two_stages.npz"};
  for (const std::string& file : files) {
    const Outcome outcome = call(
        "vit-finetune",
        Words{"--weights", golden(file).string(), "--data", "pets", "--run-dir",
              "run-" + fs::path(file).stem().string()} +
            sets({"steps=2 steps", "batch={examples: 4, accumulate: 1}", "schedule.warmup=1 steps",
                  "device=cpu", "log.tensorboard=false", "log.samples=false"}));
    EXPECT_EQ(outcome.exit_code, 0) << file << "\n" << outcome;
  }
}

TEST_F(WeightsOfPrograms, ModelsAreListedAndDescribed) {
  const Outcome all = call("vit-models", {});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_THAT(all.out, AllOf(HasSubstr("vit_b16"), HasSubstr("86.57"), HasSubstr("17.56"),
                             HasSubstr("bit_r152x4"), HasSubstr("vit_r50_b16")));
  const Outcome some = call("vit-models", {"*h14*"});
  EXPECT_THAT(some.out, AllOf(HasSubstr("vit_h14"), Not(HasSubstr("vit_b16"))));
  EXPECT_EQ(call("vit-models", {"no-such-*"}).exit_code, 2);

  const Outcome one = call("vit-models", {"--json", "R50+ViT-B/16"});
  ASSERT_EQ(one.exit_code, 0) << one;
  const Json json = Json::parse(one.out, nullptr, false);
  const Json zoo = json_file(golden("zoo.json")).at("timm").at("vit_base_r50_s16_224");
  EXPECT_EQ(json.at("name"), "vit_r50_b16");
  EXPECT_EQ(json.at("parameters"), zoo.at("total_1000"));
  EXPECT_EQ(json.at("macs"), zoo.at("macs"));
  EXPECT_EQ(json.at("image_size"), 224);
  EXPECT_EQ(json.at("tensors"), zoo.at("params"));
  const Outcome changed =
      call("vit-models", Words{"--json", "vit_b16", "--classes", "21843", "--image-size", "384"} +
                             sets({"model.representation_size=768"}));
  const Json other = Json::parse(changed.out, nullptr, false);
  EXPECT_EQ(other.at("image_size"), 384);
  EXPECT_EQ(other.at("tokens"), 577);
  EXPECT_EQ(other.at("tensors").back(), Json({"head.bias", {21843}}));
  EXPECT_EQ(call("vit-models", {"--json", "vit_b61"}).exit_code, 2);
}

}  // namespace
}  // namespace vit::test
