// Readers of weight files against files that are damaged at random, but the same in every run:
// whatever the bytes, they give tensors or a CheckpointError, and take no more memory than the file
// can account for. VIT_FUZZ_ROUNDS asks for more files than the few hundred of an ordinary run; a
// build with VIT_SANITIZE=address,undefined sees more.
#include "vit/runtime/tensor_archive.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "runtime/archive_format.hpp"
#include "runtime/mapped_storage.hpp"
#include "runtime/zip_writer.hpp"
#include "support/golden.hpp"
#include "support/mutator.hpp"
#include "support/temp_dir.hpp"
#include "weight_files.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace vit {
namespace {

namespace fs = std::filesystem;

struct Seed {
  fs::path file;
  std::string bytes;
};

std::vector<Seed> seeds() {
  std::vector<Seed> all;
  const auto add = [&](const fs::path& file) { all.push_back({file, test::bytes_of(file)}); };
  for (const fs::path& file : test::golden_files("hostile/npz", "valid", ".npz")) add(file);
  for (const fs::path& file : test::golden_files("hostile/safetensors", "valid", ".safetensors"))
    add(file);
  const fs::path pth = fs::path(VIT_SOURCE_DIR) / "tests" / "golden" / "pth";
  for (const char* name : {"everything.pth", "protocol_5.pth", "module.pth", "training.pth"})
    add(pth / name);
  return all;
}

int64_t peak_memory_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

class Fuzz : public testing::Test {
 protected:
  void SetUp() override { peak_before_ = peak_memory_kb(); }

  // Reads the file and looks at each byte of each tensor. Anything but success and CheckpointError
  // ends the test.
  void read(const fs::path& path, uint64_t round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto refused = test::refusal_of([&] {
      const auto limit = static_cast<double>(fs::file_size(path)) * 1032 + 1024;
      for (const auto& [name, tensor] : read_tensor_archive(path).tensors) {
        EXPECT_LE(static_cast<double>(tensor.numel() * tensor.element_size()), limit) << name;
        look_at(tensor);
      }
    });
    ++(refused ? refused_ : accepted_);
  }

  void look_at(const at::Tensor& tensor) {
    const at::Tensor copy = tensor.clone();
    const auto* bytes = static_cast<const char*>(copy.const_data_ptr());
    for (size_t i = 0; i < (copy.numel() == 0 ? 0 : copy.nbytes()); ++i)
      sum_ = static_cast<char>(sum_ + bytes[i]);
  }

  void TearDown() override {
    constexpr int64_t kAllowanceKb = 200 << 10;
    const int64_t growth = peak_memory_kb() - peak_before_;
    std::printf("  %zu files refused, %zu accepted, peak memory +%ld KiB\n", refused_, accepted_,
                static_cast<long>(growth));
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed
    EXPECT_LT(growth, kAllowanceKb);
#else
    (void)kAllowanceKb;
#endif
    EXPECT_GT(refused_, 0u);
    EXPECT_GT(accepted_, 0u);
  }

  test::TempDir folder_;
  size_t refused_ = 0, accepted_ = 0;
  int64_t peak_before_ = 0;
  volatile char sum_ = 0;
};

TEST_F(Fuzz, damaged_files) {
  const std::vector<Seed> all = seeds();
  ASSERT_GT(all.size(), 20u);
  for (size_t round = 0; round < test::fuzz_rounds(400); ++round) {
    test::Mutator mutator(round);
    const std::string& other = all[mutator.below(all.size())].bytes;
    const std::string bytes = mutator.mutate(all[round % all.size()].bytes, other);
    test::write_bytes(folder_ / "f", bytes);
    read(folder_ / "f", round);
  }
}

// The checksums of zip archives would hide the readers of what is inside from most damage. Here
// they are right, and one member is damaged.
TEST_F(Fuzz, damaged_members_of_sound_archives) {
  std::vector<fs::path> archives;
  for (const Seed& seed : seeds()) {
    if (seed.bytes.starts_with("PK")) archives.push_back(seed.file);
  }
  for (size_t round = 0; round < test::fuzz_rounds(400); ++round) {
    test::Mutator mutator(round);
    const ZipArchive archive(map_weights(archives[round % archives.size()]));
    const auto& members = archive.members();
    const bool is_torch = torch_folder(archive).has_value();
    const size_t chosen = is_torch ? 0 : mutator.below(members.size());  // the pickle comes first
    {
      ZipWriter writer(folder_ / "f");
      for (size_t i = 0; i < members.size(); ++i) {
        std::string content = read_member(members[i], 1 << 20);
        if (i == chosen) content = mutator.mutate(content, content);
        writer.add(std::string(members[i].name), "", content);
      }
      writer.keep();
    }
    read(folder_ / "f", round);
  }
}

}  // namespace
}  // namespace vit
