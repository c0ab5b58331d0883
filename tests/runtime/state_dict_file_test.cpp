// State dicts of PyTorch: files it wrote (tests/golden/pth/make_fixtures.py), and files made to do
// harm.
#include "vit/runtime/state_dict_file.hpp"

#include "pickle_text.hpp"
#include "runtime/file_flaw.hpp"
#include "runtime/pickle.hpp"
#include "support/temp_dir.hpp"
#include "weight_files.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

namespace pickle = test::pickle;
using test::refusal_of;

// Not golden_dir(): these belong to the source, whatever reference data are used.
std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(VIT_SOURCE_DIR) / "tests" / "golden" / "pth" / name;
}

at::Tensor ramp(at::IntArrayRef shape, at::ScalarType type = at::kFloat, int64_t start = 0) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return at::arange(start, start + count).reshape(shape).to(type);
}

// In the order of the script that wrote them.
NamedTensors everything() {
  NamedTensors tensors;
  for (const auto& [name, type] :
       std::vector<std::pair<std::string, at::ScalarType>>{{"float32", at::kFloat},
                                                           {"float64", at::kDouble},
                                                           {"float16", at::kHalf},
                                                           {"bfloat16", at::kBFloat16},
                                                           {"int64", at::kLong},
                                                           {"int32", at::kInt},
                                                           {"int16", at::kShort},
                                                           {"int8", at::kChar},
                                                           {"uint8", at::kByte},
                                                           {"uint16", at::kUInt16},
                                                           {"uint32", at::kUInt32},
                                                           {"uint64", at::kUInt64},
                                                           {"complex64", at::kComplexFloat}}) {
    tensors.push_back({name, ramp({3, 4}, type)});
  }
  tensors.push_back({"bool", ramp({3, 4}, at::kLong).remainder(3) == 0});
  tensors.push_back({"scalar", at::scalar_tensor(2.5)});
  tensors.push_back({"empty", at::empty({0, 7})});
  tensors.push_back({"transposed", ramp({3, 4}).t()});
  tensors.push_back({"shared/rows", ramp({6, 4}).slice(0, 2, 5)});
  tensors.push_back({"shared/column", ramp({6, 4}).select(1, 1)});
  tensors.push_back({"parameter", ramp({2, 2})});
  return tensors;
}

TEST(StateDictFile, all_that_pytorch_saves_is_read) {
  for (const std::string file : {"everything.pth", "protocol_5.pth"}) {
    SCOPED_TRACE(file);
    const NamedTensors read = read_state_dict(fixture(file));
    test::expect_same(read, everything());
    EXPECT_EQ(find_tensor(read, "transposed")->strides().vec(), (std::vector<int64_t>{1, 4}));
    EXPECT_EQ(find_tensor(read, "shared/rows")->storage().data(),
              find_tensor(read, "shared/column")->storage().data());
  }
}

TEST(StateDictFile, a_module_with_its_buffers) {
  const NamedTensors read = read_state_dict(fixture("module.pth"));
  ASSERT_EQ(read.size(), 7u);
  EXPECT_TRUE(at::equal(*find_tensor(read, "fc.weight"), ramp({2, 3})));
  EXPECT_TRUE(at::equal(*find_tensor(read, "fc.bias"), ramp({2}, at::kFloat, 10)));
  EXPECT_EQ(find_tensor(read, "norm.num_batches_tracked")->scalar_type(), at::kLong);
}

TEST(StateDictFile, weights_are_found_in_a_training_checkpoint) {
  const NamedTensors read = read_state_dict(fixture("training.pth"));
  ASSERT_EQ(read.size(), 7u);
  EXPECT_TRUE(at::equal(*find_tensor(read, "fc.weight"), ramp({2, 3})));
  const NamedTensors other = read_state_dict(fixture("state_dict_key.pth"));
  ASSERT_EQ(other.size(), 1u);
  EXPECT_EQ(other[0].name, "module.fc.bias");
}

TEST(StateDictFile, kinds_that_are_not_read_are_named_with_a_remedy) {
  for (const auto& [file, words] : std::map<std::string, std::string>{
           {"whole_module.pth", "torch.nn.modules.container.Sequential"},
           {"legacy.pth", "python -c"},
           {"script.pt", "TorchScript"}}) {
    const auto refused = refusal_of([&] { read_state_dict(fixture(file)); });
    ASSERT_TRUE(refused.has_value()) << file;
    EXPECT_NE(refused->find(words), std::string::npos) << *refused;
  }
}

class HandWritten : public testing::Test {
 protected:
  std::optional<std::string> refusal(const std::string& instructions) {
    pickle::write(folder_ / "f.pth", pickle::program(instructions));
    return refusal_of([&] { tensors_ = read_state_dict(folder_ / "f.pth"); });
  }
  std::optional<std::string> refusal_of_tensor(const pickle::Tensor& tensor) {
    return refusal(pickle::dict({{"w", tensor.instructions()}}));
  }

  test::TempDir folder_;
  NamedTensors tensors_;
};

TEST_F(HandWritten, the_ordinary_case) {
  EXPECT_EQ(refusal_of_tensor({}), std::nullopt);
  ASSERT_EQ(tensors_.size(), 1u);
  EXPECT_TRUE(at::equal(tensors_[0].tensor, at::zeros({2, 3})));
  EXPECT_EQ(refusal_of_tensor({.offset = 2, .size = {2, 2}, .stride = {2, 1}}), std::nullopt);
  EXPECT_EQ(refusal_of_tensor({.offset = 6, .size = {0, 9}, .stride = {9, 1}}), std::nullopt);
  EXPECT_EQ(refusal_of_tensor({.offset = 5, .size = {}, .stride = {}}), std::nullopt);
}

TEST_F(HandWritten, no_element_may_be_outside_its_storage) {
  constexpr int64_t kHuge = int64_t{1} << 62;
  for (const pickle::Tensor& tensor : std::vector<pickle::Tensor>{
           {.offset = 1},
           {.offset = -1},
           {.offset = 6, .size = {}, .stride = {}},
           {.offset = 7, .size = {0}, .stride = {1}},
           {.size = {2, 4}},
           {.stride = {4, 1}},
           {.stride = {-3, 1}},
           {.stride = {3}},
           {.size = {-2, 3}},
           {.size = {7, 1}, .stride = {0, 0}},
           {.size = {kHuge}, .stride = {0}},
           {.size = {kHuge, kHuge}, .stride = {0, 0}},
           {.size = {3, 3}, .stride = {kHuge, kHuge}},
           {.size = {0, kHuge, kHuge}, .stride = {1, 1, 1}},
           {.size = std::vector<int64_t>(65, 1), .stride = std::vector<int64_t>(65, 1)},
           {.count = 7},
           {.count = 5},
           {.count = -1},
           {.count = kHuge},
           {.storage = "DoubleStorage"},
           {.storage = "NoStorage"},
           {.key = "1"},
           {.key = "../version"}}) {
    const auto refused = refusal_of_tensor(tensor);
    EXPECT_TRUE(refused.has_value())
        << tensor.storage << " " << tensor.offset << " " << tensor.size << tensor.stride;
  }
}

TEST_F(HandWritten, nothing_is_executed) {
  const std::string system =
      pickle::global("os", "system") + pickle::tuple({pickle::text("id")}) + "R";
  for (const std::string& instructions :
       {system, pickle::dict({{"w", pickle::Tensor{}.instructions()}, {"x", system}}),
        "\x8c\x02os\x8c\x06system\x93" + pickle::tuple({}) + "R"}) {
    const auto refused = refusal(instructions);
    ASSERT_TRUE(refused.has_value());
    EXPECT_NE(refused->find("asks for \"os.system\", which is not executed"), std::string::npos)
        << *refused;
  }
  for (const std::string name : {"argparse.Namespace", "builtins.eval", "torch.load",
                                 "collections.OrderedDict.x", "torch._utils._rebuild_tensor_v"}) {
    const size_t dot = name.rfind('.');
    const auto refused = refusal(pickle::global(name.substr(0, dot), name.substr(dot + 1)));
    ASSERT_TRUE(refused.has_value()) << name;
    EXPECT_NE(refused->find(name), std::string::npos) << *refused;
  }
  // What has no global of its own to call, and instructions that call in other ways.
  for (const std::string& instructions :
       {pickle::text("x") + ")R", std::string("}}R"), pickle::text("x") + ")\x81",
        std::string("i os\nsystem\n"), std::string("(o"), std::string("\x82\x01")}) {
    EXPECT_TRUE(refusal(instructions).has_value());
  }
}

TEST_F(HandWritten, circles_and_depth_do_no_harm) {
  const std::string tensor = pickle::Tensor{}.instructions();
  EXPECT_TRUE(refusal("}q\x01" + pickle::text("self") + "h\x01s").has_value());
  EXPECT_TRUE(refusal("]q\x01h\x01"
                      "a")
                  .has_value());
  EXPECT_EQ(refusal("}q\x01" + pickle::text("self") + "h\x01s" + pickle::text("w") + tensor + "s"),
            std::nullopt);
  EXPECT_EQ(tensors_.size(), 1u);
  std::string deep;
  for (int i = 0; i < 300'000; ++i) deep += ']';
  for (int i = 1; i < 300'000; ++i) deep += 'a';
  EXPECT_EQ(refusal(pickle::dict({{"deep", deep}, {"w", tensor}})), std::nullopt);
  EXPECT_NE(refusal(std::string(2'000'000, 'N'))->find("more than 1000000 values"),
            std::string::npos);
  EXPECT_NE(refusal("N" + std::string(2'000'000, '\x94'))->find("more than"), std::string::npos);
  EXPECT_TRUE(refusal(std::string(17 << 20, 'N')).has_value());
}

TEST_F(HandWritten, damaged_pickles_are_refused) {
  const std::string good = pickle::dict({{"w", pickle::Tensor{}.instructions()}});
  const std::vector<std::string_view> allowed = {"collections.OrderedDict", "torch.FloatStorage",
                                                 "torch._utils._rebuild_tensor_v2"};
  EXPECT_NO_THROW(Pickle(good + ".", allowed));
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_THROW(Pickle(std::string_view(good).substr(0, size), allowed), FileFlaw) << size;
  // What is below a mark is out of reach until the mark is gone.
  for (const std::string_view text : {"](N0a.", "](a.", "]N(a.", "N(."})
    EXPECT_THROW(Pickle(text, allowed), FileFlaw) << text;
  const std::string huge = pickle::raw(uint32_t{0xFFFFFFFF});
  for (const std::string& instructions :
       {std::string(""), std::string("0"), std::string("t"), std::string("u"), std::string("a"),
        std::string("}(Nu"), std::string("h\x05"), std::string("Q"), std::string("b"),
        "X" + huge + "abc", "\x8d" + huge + huge, "\x8b" + huge, "B" + huge,
        std::string("\x80\x63"), std::string("cos"), std::string("((tt"), std::string("N(a"),
        std::string("]]s")}) {
    EXPECT_TRUE(refusal(instructions).has_value()) << testing::PrintToString(instructions);
  }
}

TEST_F(HandWritten, a_dictionary_without_tensors_is_no_state_dict) {
  for (const std::string& instructions :
       {pickle::dict({}), pickle::dict({{"epoch", pickle::integer(3)}}), std::string("N"),
        pickle::dict({{"model", pickle::dict({})}})}) {
    const auto refused = refusal(instructions);
    ASSERT_TRUE(refused.has_value());
    EXPECT_NE(refused->find("no dictionary of tensors"), std::string::npos) << *refused;
  }
}

TEST_F(HandWritten, one_name_must_not_stand_for_two_tensors) {
  const std::string tensor = pickle::Tensor{}.instructions();
  EXPECT_TRUE(refusal(pickle::dict({{"w", tensor}, {"w", tensor}})).has_value());
}

TEST_F(HandWritten, bytes_of_booleans_become_booleans) {
  pickle::write(folder_ / "f.pth",
                pickle::program(
                    pickle::dict({{"w", pickle::Tensor{.storage = "BoolStorage"}.instructions()}})),
                std::string("\x00\x01\x02\xff\x00\x01", 6));
  const at::Tensor read = read_state_dict(folder_ / "f.pth")[0].tensor;
  const at::Tensor bytes = read.contiguous().view(at::kByte);  // LibTorch's own reading is lenient
  EXPECT_EQ(bytes.sum(at::kLong).item<int64_t>(), 4);
}

TEST_F(HandWritten, damaged_data_and_a_foreign_byte_order_are_found) {
  const std::string text = pickle::program(pickle::dict({{"w", pickle::Tensor{}.instructions()}}));
  const std::string data(24, 'd');
  pickle::write(folder_ / "f.pth", text, data);
  std::string bytes = test::bytes_of(folder_ / "f.pth");
  bytes[bytes.find(data) + 5] ^= 1;
  test::write_bytes(folder_ / "f.pth", bytes);
  EXPECT_TRUE(refusal_of([&] { read_state_dict(folder_ / "f.pth"); }).has_value());

  pickle::write(folder_ / "f.pth", text, data, "big");
  const auto refused = refusal_of([&] { read_state_dict(folder_ / "f.pth"); });
  ASSERT_TRUE(refused.has_value());
  EXPECT_NE(refused->find("byte order"), std::string::npos) << *refused;
}

}  // namespace
}  // namespace vit
