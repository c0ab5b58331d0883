// Weight files of every kind, known by their content; and memory that goes back to the system.
#include "vit/runtime/tensor_archive.hpp"

#include "vit/runtime/mapped_tensor.hpp"
#include "vit/runtime/npz_file.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "pickle_text.hpp"
#include "support/temp_dir.hpp"
#include "weight_files.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

namespace vit {
namespace {

using test::refusal_of;

TEST(TensorArchive, the_content_decides_not_the_name) {
  const test::TempDir folder;
  const NamedTensors tensors = {{"a", at::randn({4})}, {"b/c", at::ones({2, 2})}};
  write_tensor_file(folder / "weights.npz", tensors, {{"k", "v"}});
  write_npz(folder / "weights.safetensors", tensors);
  test::pickle::write(
      folder / "weights.txt",
      test::pickle::program(test::pickle::dict({{"a", test::pickle::Tensor{}.instructions()}})));

  const TensorArchive first = read_tensor_archive(folder / "weights.npz");
  EXPECT_EQ(first.format, ArchiveFormat::kSafetensors);
  EXPECT_EQ(first.metadata.at("k"), "v");
  test::expect_same(first.tensors, tensors);
  const TensorArchive second = read_tensor_archive(folder / "weights.safetensors");
  EXPECT_EQ(second.format, ArchiveFormat::kNpz);
  test::expect_same(second.tensors, tensors);
  const TensorArchive third = read_tensor_archive(folder / "weights.txt");
  EXPECT_EQ(third.format, ArchiveFormat::kPickle);
  EXPECT_EQ(third.tensors.size(), 1u);
}

TEST(TensorArchive, a_header_of_640_bytes_is_no_pickle) {
  const test::TempDir folder;
  std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  header.resize(640, ' ');
  test::write_bytes(folder / "f", test::pickle::raw(uint64_t{640}) + header + std::string(4, '\0'));
  ASSERT_TRUE(test::bytes_of(folder / "f").starts_with("\x80\x02"));
  EXPECT_EQ(read_tensor_archive(folder / "f").format, ArchiveFormat::kSafetensors);
}

TEST(TensorArchive, other_kinds_are_named) {
  const test::TempDir folder;
  const auto path = folder / "weights.bin";
  for (const auto& [bytes, words] : std::vector<std::pair<std::string, std::string>>{
           {"", "is empty"},
           {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
            "git lfs pull"},
           {"\x89HDF\r\n\x1a\n", "HDF5"},
           {"\x93NUMPY\x01", "single NumPy array"},
           {"\n<!DOCTYPE html><html>", "HTML"},
           {"{\"weight_map\": {}}", "JSON"},
           {"not found\n", "is a text"},
           {std::string(100, '\x01') + "\x57\xfb\x80\x8b\x24\x75\x47\xdb", "TensorFlow"},
           {std::string("\x80\x02}q\x01.", 6), "bare Python pickle"},
           {"\x1f\x8b\x08", "gunzip"},
           {std::string("PK\x03\x04 and no more"), "zip archive"},
           {std::string(64, '\xff'), "no kind that is known"}}) {
    test::write_bytes(path, bytes);
    const auto refused = refusal_of([&] { read_tensor_archive(path); });
    ASSERT_TRUE(refused.has_value()) << words;
    EXPECT_NE(refused->find(words), std::string::npos) << *refused;
    EXPECT_NE(refused->find(path.string()), std::string::npos) << *refused;
  }
  EXPECT_TRUE(refusal_of([&] { read_tensor_archive(folder.path()); }).has_value());
  EXPECT_TRUE(refusal_of([&] { read_tensor_archive(folder / "absent"); }).has_value());
}

// Bytes of mapped files that are in memory, of this process. Files of tmpfs are counted apart.
int64_t mapped_bytes_in_memory() {
  std::ifstream status("/proc/self/status");
  int64_t kilobytes = 0;
  for (std::string line; std::getline(status, line);) {
    const size_t value = line.find(':') + 1;
    if (line.starts_with("RssFile:") || line.starts_with("RssShmem:"))
      kilobytes += std::atoll(line.c_str() + value);
  }
  return kilobytes * 1024;
}

TEST(TensorArchive, released_pages_leave_memory_and_come_back) {
  const test::TempDir folder;
  constexpr int64_t kCount = 1 << 22, kBytes = kCount * 4;
  const at::Tensor original = at::arange(kCount).to(at::kFloat);
  write_tensor_file(folder / "a", {{"t", original}}, {});
  write_npz(folder / "b", {{"t", original}});
  for (const auto* name : {"a", "b"}) {
    const TensorArchive archive = read_tensor_archive(folder / name);
    const at::Tensor& tensor = archive.tensors[0].tensor;
    const int64_t before = mapped_bytes_in_memory();
    EXPECT_TRUE(at::equal(tensor, original));
    EXPECT_GE(mapped_bytes_in_memory(), before + kBytes / 2);
    release_pages(tensor);
    EXPECT_LE(mapped_bytes_in_memory(), before + kBytes / 4);
    EXPECT_TRUE(at::equal(tensor, original));
  }
}

TEST(TensorArchive, other_memory_has_no_pages_to_release) {
  const at::Tensor own = at::ones({1 << 20});
  release_pages(own);
  release_pages(at::Tensor());
  release_pages(at::empty({0}));
  EXPECT_EQ(own.sum().item<float>(), 1 << 20);
  std::vector<float> lent(1 << 20, 1.0f);
  const at::Tensor view = at::from_blob(lent.data(), {1 << 20});
  release_pages(view);
  EXPECT_EQ(view.sum().item<float>(), 1 << 20);
}

}  // namespace
}  // namespace vit
