// .npz archives: NumPy's verdict on broken and unusual files, the containers of one set of weights,
// round trips, failing writes.
#include "vit/runtime/npz_file.hpp"

#include "vit/core/error.hpp"

#include "runtime/zip_archive.hpp"
#include "support/golden.hpp"
#include "support/temp_dir.hpp"
#include "weight_files.hpp"

#include <ATen/ATen.h>
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
#include <set>

namespace vit {
namespace {

using Json = nlohmann::json;
using test::refusal_of;

Json hostile_cases() {
  std::ifstream file(test::golden_dir() / "hostile" / "index.json");
  return file ? Json::parse(file).at("npz") : Json::array();
}

// bfloat16 is listed by its bytes, which this does not parse.
void expect_array(const at::Tensor& tensor, const Json& expected) {
  EXPECT_EQ(tensor.sizes().vec(), expected.at("shape").get<std::vector<int64_t>>());
  if (expected.at("dtype") == "|V2") {
    EXPECT_EQ(tensor.scalar_type(), at::kBFloat16);
    EXPECT_EQ(tensor.flatten()[0].item<float>(), 1.1875f);  // 0x3f98
    return;
  }
  const at::Tensor flat = tensor.to(at::kDouble).flatten();
  const auto values = expected.at("values").get<std::vector<std::string>>();
  for (size_t i = 0; i < values.size(); ++i) {
    const double want = values[i] == "True"    ? 1
                        : values[i] == "False" ? 0
                                               : std::strtod(values[i].c_str(), nullptr);
    EXPECT_EQ(flat[static_cast<int64_t>(i)].item<double>(), want);
  }
}

// Files that NumPy takes and this reader does not: it hands out a member with a wrong magic as raw
// bytes, ignores surplus data, and lets the last of two members of one name win.
const std::set<std::string> kStricter = {"bad_magic.npz", "data_long.npz", "duplicate_member.npz",
                                         "empty_zip.npz"};

TEST(NpzFile, hostile_files_get_the_reference_verdict) {
  const Json cases = hostile_cases();
  ASSERT_FALSE(cases.empty());
  for (const Json& expected : cases) {
    const std::filesystem::path file = expected.at("file").get<std::string>();
    SCOPED_TRACE(file);
    const auto path = test::golden_dir() / file;
    ASSERT_TRUE(std::filesystem::exists(path));
    const auto refused = refusal_of([&] { read_npz(path); });
    if (expected.at("verdict") == "reject" || kStricter.contains(file.filename())) {
      ASSERT_TRUE(refused.has_value()) << "accepted";
      EXPECT_NE(refused->find(path.string()), std::string::npos) << *refused;
      continue;
    }
    ASSERT_FALSE(refused.has_value()) << *refused;
    const NamedTensors tensors = read_npz(path);
    for (const auto& [name, array] : expected.at("arrays").items()) {
      if (name == "notes.txt") continue;  // no array
      const at::Tensor* found = find_tensor(tensors, name);
      ASSERT_NE(found, nullptr) << name;
      expect_array(*found, array);
    }
  }
}

TEST(NpzFile, refusals_say_what_is_wrong) {
  const auto folder = test::golden_dir() / "hostile" / "npz";
  for (const auto& [file, words] : std::map<std::string, std::string>{
           {"object_array_pickle.npz", "pickled Python objects, which are not executed"},
           {"crc_wrong.npz", "the checksum differs"},
           {"header_huge_shape.npz", "too large for any memory"},
           {"header_negative_shape.npz", "negative size"},
           {"header_unknown_dtype.npz", "<q9"},
           {"data_short.npz", "needs 48"},
           {"data_long.npz", "needs 48"},
           {"duplicate_member.npz", "twice"},
           {"truncated_half.npz", "lacks the directory"},
           {"empty_file.npz", "is empty"},
           {"empty_zip.npz", "empty zip"}}) {
    const auto refused = refusal_of([&] { read_npz(folder / file); });
    ASSERT_TRUE(refused.has_value()) << file;
    EXPECT_NE(refused->find(words), std::string::npos) << *refused;
  }
}

TEST(NpzFile, all_containers_of_the_same_weights_are_equal) {
  const auto folder = test::golden_dir() / "npz";
  const NamedTensors plain = read_npz(folder / "vit_token.npz");
  ASSERT_GT(plain.size(), 20u);
  for (const std::string kind : {"deflate", "fortran", "f16", "f64", "bf16_void", "opt_target"}) {
    SCOPED_TRACE(kind);
    const NamedTensors other = read_npz(folder / ("vit_token." + kind + ".npz"));
    const std::string prefix = kind == "opt_target" ? "opt/target/" : "";
    for (const auto& [name, tensor] : plain) {
      const at::Tensor* found = find_tensor(other, prefix + name);
      ASSERT_NE(found, nullptr) << name;
      const auto type = kind == "f16"         ? at::kHalf
                        : kind == "bf16_void" ? at::kBFloat16
                                              : at::kFloat;
      EXPECT_TRUE(at::equal(found->to(type), tensor.to(type))) << name;
      EXPECT_EQ(found->scalar_type(), kind == "f64" ? at::kDouble : type);
    }
  }
  EXPECT_EQ(read_npz(folder / "vit_token.linen.npz").size(), plain.size());
}

TEST(NpzFile, every_golden_archive_is_read) {
  const auto files = test::golden_files("npz", "", ".npz");
  ASSERT_GE(files.size(), 18u);
  for (const auto& file : files) EXPECT_FALSE(read_npz(file).empty()) << file;
}

TEST(NpzFile, what_is_written_is_read_back) {
  const test::TempDir folder;
  const NamedTensors written = test::tensors_of_all_types();
  write_npz(folder / "all.npz", written);
  const NamedTensors read = read_npz(folder / "all.npz");
  test::expect_same(read, written);
  for (const auto& [name, tensor] : read) {
    if (tensor.numel() == 0 || tensor.scalar_type() == at::kBool) continue;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.const_data_ptr()) % 64, 0u) << name;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "no temporary file may stay";
}

TEST(NpzFile, numpy_opens_what_is_written_and_the_other_way_round) {
  if (std::system("python3 -c 'import numpy' 2>/dev/null") != 0)
    GTEST_SKIP() << "needs python3 with numpy";
  const test::TempDir folder;
  const NamedTensors written = test::tensors_of_all_types();
  write_npz(folder / "a.npz", written);
  for (const std::string save : {"savez", "savez_compressed"}) {
    SCOPED_TRACE(save);
    const std::string command = "cd " + folder.path().string() +
                                " && python3 -c 'import numpy as n; a = n.load(\"a.npz\"); n." +
                                save + "(\"b.npz\", **{k: a[k] for k in a.files})'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    test::expect_same(read_npz(folder / "b.npz"), written);
  }
}

TEST(NpzFile, the_same_tensors_make_the_same_bytes) {
  const test::TempDir folder;
  const NamedTensors tensors = test::tensors_of_all_types();
  write_npz(folder / "a", tensors);
  write_npz(folder / "b", tensors);
  EXPECT_EQ(test::bytes_of(folder / "a"), test::bytes_of(folder / "b"));
}

TEST(NpzFile, many_members_need_zip64) {
  const test::TempDir folder;
  NamedTensors written;
  const at::Tensor one = at::ones({1}, at::kByte);
  for (int i = 0; i < 66'000; ++i) written.push_back({"m" + std::to_string(i), one});
  write_npz(folder / "many.npz", written);
  const NamedTensors read = read_npz(folder / "many.npz");
  ASSERT_EQ(read.size(), written.size());
  EXPECT_EQ(read.back().name, "m65999");
}

std::string number(uint64_t value, size_t size) {  // little-endian
  return {reinterpret_cast<const char*>(&value), size};
}

// An archive of one member with all numbers in the ZIP64 fields of the directory, nothing in the
// local header, and a descriptor after the data: what large files and pipes are made of.
std::string zip64_archive(const std::string& name, const std::string& content) {
  const uint64_t crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
  const std::string size = number(content.size(), 8), all_ones = number(~0ull, 4);
  const std::string named = number(name.size(), 2);
  const std::string local = "PK\3\4" + number(45, 2) + number(8, 2) + number(0, 6) + number(0, 8) +
                            number(0, 4) + named + number(0, 2) + name;
  const std::string descriptor = "PK\7\b" + number(crc, 4) + size + size;
  const std::string extra = number(1, 2) + number(24, 2) + size + size + number(0, 8);
  const std::string entry = "PK\1\2" + number(45, 4) + number(8, 2) + number(0, 6) +
                            number(crc, 4) + all_ones + all_ones + named + number(extra.size(), 2) +
                            number(0, 6) + number(0, 4) + all_ones + name + extra;
  const std::string body = local + content + descriptor;
  const std::string end_64 = "PK\6\6" + number(44, 8) + number(45, 4) + number(0, 8) +
                             number(1, 8) + number(1, 8) + number(entry.size(), 8) +
                             number(body.size(), 8);
  const std::string locator =
      "PK\6\7" + number(0, 4) + number(body.size() + entry.size(), 8) + number(1, 4);
  return body + entry + end_64 + locator + "PK\5\6" + number(0, 4) + number(~0ull, 8) + all_ones +
         number(0, 2);
}

TEST(NpzFile, sizes_come_from_the_zip64_fields_of_the_directory) {
  const test::TempDir folder;
  write_npz(folder / "plain", {{"a", at::ones({3})}});
  const ZipArchive plain(std::make_shared<const MappedFile>(folder / "plain"));
  const std::string content = read_member(plain.members()[0], 1000);
  test::write_bytes(folder / "large", zip64_archive("a.npy", content));
  const NamedTensors read = read_npz(folder / "large");
  ASSERT_EQ(read.size(), 1u);
  EXPECT_TRUE(at::equal(read[0].tensor, at::ones({3})));
}

// Deflate makes at most 1032 bytes of one; and archives that grow so as a whole are no weights.
TEST(NpzFile, bombs_are_refused_before_they_go_off) {
  const test::TempDir folder;
  std::string bytes = test::bytes_of(test::golden_dir() / "hostile" / "npz" / "valid_deflate.npz");
  const size_t entry = bytes.find("PK\1\2");
  const std::string claim = number(uint64_t{3} << 30, 4);
  bytes.replace(entry + 24, 4, claim);
  test::write_bytes(folder / "f", bytes);
  const auto refused = refusal_of([&] { read_npz(folder / "f"); });
  ASSERT_TRUE(refused.has_value());
  EXPECT_NE(refused->find("inflate to 3221225472"), std::string::npos) << *refused;
}

TEST(NpzFile, members_must_not_overlap) {
  const test::TempDir folder;
  write_npz(folder / "f", {{"a", at::ones({100})}, {"b", at::ones({100})}});
  std::string bytes = test::bytes_of(folder / "f");
  const size_t entry = bytes.find("PK\1\2");
  for (const size_t field : {20, 24}) bytes[entry + field + 1] += 1;  // 256 bytes more, into "b"
  test::write_bytes(folder / "f", bytes);
  const auto refused = refusal_of([&] { read_npz(folder / "f"); });
  ASSERT_TRUE(refused.has_value());
  EXPECT_NE(refused->find("nothing usable where \"a.npy\""), std::string::npos) << *refused;
}

TEST(NpzFile, flipped_bits_in_the_data_are_found) {
  const test::TempDir folder;
  write_npz(folder / "f", {{"a", at::zeros({1000})}});
  std::string bytes = test::bytes_of(folder / "f");
  bytes[2000] ^= 1;
  test::write_bytes(folder / "f", bytes);
  const auto refused = refusal_of([&] { read_npz(folder / "f"); });
  ASSERT_TRUE(refused.has_value());
  EXPECT_NE(refused->find("\"a.npy\""), std::string::npos) << *refused;
}

TEST(NpzFile, a_failed_write_leaves_the_old_file_alone) {
  const test::TempDir folder;
  const auto path = folder / "f.npz";
  write_npz(path, {{"a", at::ones({4})}});
  const at::Tensor large = at::zeros({100'000});  // a forked child must not start threads
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // a full disk, as far as this process is concerned
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10'000, 10'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto refused = refusal_of([&] { write_npz(path, {{"a", large}}); });
    const bool is_clear = refused && refused->find(path.string()) != std::string::npos &&
                          refused->find(std::strerror(EFBIG)) != std::string::npos;
    _exit(is_clear ? 42 : 43);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "the partial file must go";
  EXPECT_TRUE(at::equal(read_npz(path)[0].tensor, at::ones({4})));
}

TEST(NpzFile, names_must_be_unique) {
  const test::TempDir folder;
  EXPECT_THROW(write_npz(folder / "f", {{"a", at::ones({1})}, {"a", at::ones({1})}}), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "f"));
}

}  // namespace
}  // namespace vit
