// safetensors files: the verdict of the reference implementation on broken and unusual files, round
// trips, failing writes.
#include "vit/runtime/tensor_file.hpp"

#include "vit/core/error.hpp"

#include "support/golden.hpp"
#include "support/temp_dir.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>

namespace vit {
namespace {

using Json = nlohmann::json;

Json hostile_cases() {
  std::ifstream file(test::golden_dir() / "hostile" / "index.json");
  return file ? Json::parse(file).at("safetensors") : Json::array();
}

// The message of the CheckpointError that reading throws, nullopt when the file is accepted.
std::optional<std::string> refusal(const std::filesystem::path& path) {
  try {
    TensorFile(path).tensors();
    return std::nullopt;
  } catch (const CheckpointError& error) {
    return error.what();
  }
}

at::ScalarType type_called(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "float64") return at::kDouble;
  if (name == "float16") return at::kHalf;
  if (name == "bfloat16") return at::kBFloat16;
  if (name == "int64") return at::kLong;
  if (name == "int32") return at::kInt;
  if (name == "uint8") return at::kByte;
  if (name == "bool") return at::kBool;
  throw std::runtime_error("the test does not know the type " + name);
}

double number(const std::string& text) {
  if (text == "True" || text == "False") return text == "True" ? 1 : 0;
  return std::strtod(text.c_str(), nullptr);
}

void expect_content(const TensorFile& file, const Json& expected) {
  EXPECT_EQ(file.names().size(), expected.at("tensors").size());
  for (const auto& [name, description] : expected.at("tensors").items()) {
    ASSERT_TRUE(file.contains(name));
    const at::Tensor tensor = file.tensor(name);
    EXPECT_EQ(tensor.scalar_type(), type_called(description.at("dtype")));
    EXPECT_EQ(tensor.sizes().vec(), description.at("shape").get<std::vector<int64_t>>());
    const at::Tensor flat = tensor.to(at::kDouble).flatten();
    const auto values = description.at("values").get<std::vector<std::string>>();
    ASSERT_EQ(static_cast<size_t>(flat.numel()), values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const double got = flat[static_cast<int64_t>(i)].item<double>(), want = number(values[i]);
      EXPECT_TRUE(got == want || (got != got && want != want))
          << name << "[" << i << "]: " << got << " for " << want;
      EXPECT_EQ(std::signbit(got), std::signbit(want));
    }
  }
  if (!expected.at("metadata").is_null()) {
    EXPECT_EQ(file.metadata(), (expected.at("metadata").get<std::map<std::string, std::string>>()));
  }
}

TEST(TensorFile, hostile_files_get_the_reference_verdict) {
  const Json cases = hostile_cases();
  ASSERT_FALSE(cases.empty());
  for (const Json& expected : cases) {
    const std::string name = expected.at("file");
    SCOPED_TRACE(name);
    const auto path = test::golden_dir() / name;
    const auto refused = refusal(path);
    if (expected.at("verdict") == "accept") {
      ASSERT_FALSE(refused.has_value()) << *refused;
      expect_content(TensorFile(path), expected);
    } else {
      ASSERT_TRUE(refused.has_value()) << "accepted";
      EXPECT_NE(refused->find(path.string()), std::string::npos) << *refused;
    }
  }
}

std::filesystem::path write_raw(const std::filesystem::path& path, const std::string& header,
                                const std::string& data) {
  const uint64_t length = header.size();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << header << data;
  return path;
}

TEST(TensorFile, header_tricks_are_refused) {
  const test::TempDir folder;
  const std::string four(4, '\0');
  const std::string good = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  EXPECT_EQ(refusal(write_raw(folder / "good", good, four)), std::nullopt);
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"\xEF\xBB\xBF" + good, four},
      {good + std::string(1, '\0'), four},
      {good + "{}", four},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", four},
      {R"({"__metadata__":{"k":"1","k":"2"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       four},
      {R"({"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", four},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":{"0":4}}})", four},
      {R"({"a":{"dtype":["F32"],"shape":[1],"data_offsets":[0,4]}})", four},
      {R"({"a":[1]})", four},
      {R"({"a":{"dtype":"F32","shape":[0,4611686018427387904,4611686018427387904],"data_offsets":[0,0]}})",
       ""},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}})", four},
  };
  for (const auto& [header, data] : bad)
    EXPECT_NE(refusal(write_raw(folder / "bad", header, data)), std::nullopt) << header;
}

TEST(TensorFile, unknown_fields_may_hold_anything) {
  const test::TempDir folder;
  const std::string header =
      R"({"a":{"x":{"y":[1,{"shape":[9]}],"dtype":"Q"},"dtype":"F32","shape":[1],"z":[[2.5],null],"data_offsets":[0,4]}})";
  EXPECT_EQ(refusal(write_raw(folder / "file", header, std::string(4, '\0'))), std::nullopt);
}

TEST(TensorFile, missing_files_and_tensors_are_named) {
  const test::TempDir folder;
  EXPECT_NE(refusal(folder / "absent.safetensors")->find("absent.safetensors"), std::string::npos);
  EXPECT_NE(refusal(folder.path()), std::nullopt);
  write_tensor_file(folder / "f", {{"head.weight", at::zeros({2})}}, {});
  try {
    TensorFile(folder / "f").tensor("head.wieght");
    FAIL();
  } catch (const CheckpointError& error) {
    EXPECT_NE(std::string(error.what()).find("head.weight"), std::string::npos) << error.what();
  }
}

TEST(TensorFile, what_is_written_is_read_back) {
  const test::TempDir folder;
  const auto path = folder / "all.safetensors";
  NamedTensors written;
  for (const auto type : {at::kBool, at::kByte, at::kChar, at::kShort, at::kHalf, at::kBFloat16,
                          at::kInt, at::kFloat, at::kLong, at::kDouble}) {
    written.push_back(
        {"type/" + std::string(at::toString(type)), at::randint(0, 100, {3, 5}).to(type)});
  }
  written.push_back({"transposed", at::randn({4, 6}).t()});
  written.push_back({"scalar", at::scalar_tensor(2.5)});
  written.push_back({"none", at::empty({0, 7})});
  written.push_back({"needs_grad", at::randn({2}).set_requires_grad(true)});
  written.push_back({"quote\" and \\ and \n", at::randn({2})});
  const std::map<std::string, std::string> metadata = {{"format", "pt"},
                                                       {"note", "\"quoted\"\n\xC3\xA4"}};
  write_tensor_file(path, written, metadata);

  const TensorFile file(path);
  EXPECT_EQ(file.metadata(), metadata);
  EXPECT_EQ(file.names().size(), written.size());
  for (const auto& [name, tensor] : written) {
    const at::Tensor read = file.tensor(name);
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read, tensor)) << name;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read.const_data_ptr()) % tensor.element_size(), 0u)
        << name;
  }
  std::ifstream raw(path, std::ios::binary);
  uint64_t length = 0;
  raw.read(reinterpret_cast<char*>(&length), sizeof length);
  EXPECT_EQ((length + sizeof length) % 64, 0u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "no temporary file may stay";
}

TEST(TensorFile, tensors_outlive_the_reader_and_the_name) {
  const test::TempDir folder;
  const at::Tensor original = at::randn({1000});
  write_tensor_file(folder / "f", {{"a", original}}, {});
  const at::Tensor read = TensorFile(folder / "f").tensor("a");
  std::filesystem::remove(folder / "f");
  EXPECT_TRUE(at::equal(read, original));
}

TEST(TensorFile, a_failed_write_leaves_the_old_file_alone) {
  const test::TempDir folder;
  const auto path = folder / "f.safetensors";
  write_tensor_file(path, {{"a", at::ones({4})}}, {});
  const at::Tensor large =
      at::zeros({100'000});  // made here: a forked child must not start LibTorch's threads
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // a full disk, as far as this process is concerned
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10'000, 10'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_tensor_file(path, {{"a", large}}, {});
    } catch (const CheckpointError& error) {
      const std::string text = error.what();
      const bool is_clear =
          text.find(path.string()) != text.npos && text.find(std::strerror(EFBIG)) != text.npos;
      _exit(is_clear ? 42 : 43);
    }
    _exit(44);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "the partial file must go";
  EXPECT_TRUE(at::equal(TensorFile(path).tensor("a"), at::ones({4})));
}

// Above the size from which several threads write.
TEST(TensorFile, large_files_are_whole_or_absent) {
  const test::TempDir folder;
  const auto path = folder / "large.safetensors";
  const int num_threads = at::get_num_threads();
  at::set_num_threads(3);
  const at::Tensor large = at::arange(18 << 20, at::kFloat).reshape({-1, 1 << 10});
  const NamedTensors written = {
      {"a", large}, {"b", at::randn({3})}, {"transposed", large.slice(0, 0, 1 << 10).t()}};
  write_tensor_file(path, written, {});
  for (const auto& [name, tensor] : written)
    EXPECT_TRUE(at::equal(TensorFile(path).tensor(name), tensor)) << name;

  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{40 << 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_THROW(write_tensor_file(folder / "other", written, {}), CheckpointError);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
  at::set_num_threads(num_threads);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "the partial file must go";
}

TEST(TensorFile, an_unwritable_place_is_named) {
  const test::TempDir folder;
  EXPECT_THROW(write_tensor_file(folder / "no" / "such" / "folder", {}, {}), CheckpointError);
}

TEST(TensorFile, names_must_be_unique) {
  const test::TempDir folder;
  EXPECT_THROW(write_tensor_file(folder / "f", {{"a", at::ones({1})}, {"a", at::ones({1})}}, {}),
               Error);
}

}  // namespace
}  // namespace vit
