// Decoders and containers against bytes that are damaged at random: they end in pictures or in a
// DataError, and in nothing else. Checksums are made right again in most rounds, so that the
// readers behind them are reached. A file of some kilobytes must not make them take memory that it
// cannot account for; pictures may claim up to kMaxPicturePixels.
#include "vit/data/labelled_files.hpp"
#include "vit/data/pack.hpp"
#include "vit/data/transform.hpp"

#include "data/crc32c.hpp"
#include "data/data_files.hpp"
#include "data/picture_goldens.hpp"
#include "data/record_shard.hpp"
#include "data/tar_files.hpp"
#include "support/mutator.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>

namespace vit {
namespace {

using test::Mutator;
using test::open_source;
using test::png;
using test::TempDir;
using test::write_file;

class DataFuzz : public ::testing::Test {
 protected:
  void SetUp() override {
    spdlog::set_level(spdlog::level::off);
    peak_before_ = peak_memory();
  }
  void TearDown() override {
    spdlog::set_level(spdlog::level::info);
    std::printf("  %zu refused, %zu accepted, slowest %.0f ms, peak memory +%ld MiB\n", refused_,
                accepted_, 1e3 * slowest_, (peak_memory() - peak_before_) >> 10);
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed
    EXPECT_LT((peak_memory() - peak_before_) >> 10, allowance_);
#endif
    EXPECT_GT(refused_, 0U);
    EXPECT_GT(accepted_, 0U);
  }

  // Anything but success and a DataError ends the test.
  template <class Action>
  void attempt(size_t round, const Action& action) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto begin = std::chrono::steady_clock::now();
    const bool refused = !test::error_of([&] { action(); }).empty();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    slowest_ = std::max(slowest_, taken.count());
    ++(refused ? refused_ : accepted_);
  }

  static void read_all(const DataSource& source) {
    for (const std::string& split : source.splits()) read_all(*source.open(split));
  }
  static void read_all(const Dataset& set) {
    for (int64_t i = 0; i < set.size(); ++i) {
      set.name(i);
      set.label(i);
      set.picture(i);
    }
  }

  TempDir dir_;
  long allowance_ = 100;  // MiB

 private:
  static long peak_memory() {  // KiB
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  }
  size_t refused_ = 0, accepted_ = 0;
  double slowest_ = 0;
  long peak_before_ = 0;
};

uint32_t big_endian_at(const std::string& bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

// With checksums of chunks that are right again, as far as chunks can be made out.
std::string repaired_png(std::string bytes) {
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const size_t length = big_endian_at(bytes, at);
    if (length > bytes.size() - at - 12) break;
    const auto* chunk = reinterpret_cast<const Bytef*>(bytes.data() + at + 4);
    const uLong crc = crc32(0, chunk, static_cast<uInt>(length + 4));
    bytes.replace(at + 8 + length, 4, test::big_endian(static_cast<uint32_t>(crc)));
    at += length + 12;
  }
  return bytes;
}

class DecoderFuzz : public DataFuzz {
 protected:
  // Decodes whole pictures, and parts of them for a model, turned and reduced.
  void decode_damaged(const std::vector<std::string>& pictures, bool repair = false) {
    allowance_ = 2200;  // 180 megapixels, and what a progressive JPEG keeps of them
    const Pipeline pipeline({TransformSection("random_resized_crop"), TransformSection("flip")},
                            InputConfig{}, square(24),
                            {.orientation = Orientation::kApply, .reduced = true});
    std::vector<uint8_t> planes(24 * 24 * 3);
    for (size_t round = 0; round < test::fuzz_rounds(60 * pictures.size()); ++round) {
      Mutator mutator(round);
      const std::string& other = pictures[mutator.below(pictures.size())];
      std::string bytes = mutator.mutate(pictures[round % pictures.size()], other);
      if (repair && mutator.below(8) > 0) bytes = repaired_png(bytes);
      attempt(round, [&] { decode_image(bytes, "damaged"); });
      attempt(round, [&] {
        pipeline.write(Picture{"damaged", bytes, {}, nullptr}, Random(round), 3, planes.data());
      });
    }
  }
};

std::vector<std::string> pictures(const std::vector<std::string>& files) {
  std::vector<std::string> result;
  for (const std::string& file : files) result.push_back(test::source_bytes(file));
  return result;
}

TEST_F(DecoderFuzz, Jpeg) {
  decode_damaged(pictures({"sub420.jpg", "sub422.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg",
                           "restart.jpg", "exif_orient6.jpg"}));
}

TEST_F(DecoderFuzz, Png) {
  decode_damaged(
      pictures({"interlaced.png", "palette_trans.png", "rgba.png", "gray16.png", "bilevel.png"}),
      true);
}

TEST_F(DecoderFuzz, WebP) {
  decode_damaged({test::source_bytes("lossy.webp"), test::lossless_webp()});
}

TEST_F(DataFuzz, Tar) {
  const std::string whole =
      test::tar_member("././@LongLink", std::string(120, 'c') + "/1.png" + '\0', {.type = 'L'}) +
      test::tar_member("x", png(2, 2, 1)) +
      test::tar_member("p", test::pax_record("path", "cat/2.png") + test::pax_record("size", "70"),
                       {.type = 'x'}) +
      test::tar_member("x", png(1, 1, 3)) +
      test::tar_member("dog.tar", test::tar_member("4.png", png(1, 1, 4))) +
      test::tar_member("a/5.json", R"({"label": 3})") + test::tar_end();
  for (size_t round = 0; round < test::fuzz_rounds(200); ++round) {
    Mutator mutator(round);
    std::string bytes = mutator.mutate(whole, whole);
    for (size_t at = 0; at + 512 <= bytes.size(); at += 512) {
      std::string block = bytes.substr(at, 512);
      if (block.substr(257, 5) != "ustar" || mutator.below(10) == 0) continue;
      test::set_tar_checksum(block);
      bytes.replace(at, 512, block);
    }
    write_file(dir_ / "x.tar", bytes);
    attempt(round, [&] { read_all(*open_source("tar", dir_.path())); });
  }
}

// WebDataset samples, whose labels are members of their own.
TEST_F(DataFuzz, TarOfSamples) {
  const std::string whole = test::tar_member("s/1.png", png(1, 1, 1)) +
                            test::tar_member("s/1.cls", "3") +
                            test::tar_member("s/2.json", R"({"label": 1})") +
                            test::tar_member("s/2.png", png(1, 1, 2)) + test::tar_end();
  for (size_t round = 0; round < test::fuzz_rounds(200); ++round) {
    Mutator mutator(round);
    std::string bytes = mutator.mutate(whole, whole);
    for (size_t at = 0; at + 512 <= bytes.size() && mutator.below(10) > 0; at += 512) {
      std::string block = bytes.substr(at, 512);
      if (block.substr(257, 5) != "ustar") continue;
      test::set_tar_checksum(block);
      bytes.replace(at, 512, block);
    }
    write_file(dir_ / "x.tar", bytes);
    attempt(round, [&] { read_all(*open_source("tar", dir_.path())); });
  }
}

std::string little_endian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

uint64_t little_endian_at(const std::string& bytes, size_t at) {
  uint64_t number = 0;
  std::memcpy(&number, bytes.data() + at, 8);
  return number;
}

std::string masked(const std::string& bytes) {
  return little_endian(detail::masked_crc(detail::crc32c(bytes)), 4);
}

std::string tf_record(const std::string& data) {
  const std::string length = little_endian(data.size(), 8);
  return length + masked(length) + data + masked(data);
}

// Checksums of records that are right again, as far as their lengths are.
std::string repaired_tf_records(std::string bytes) {
  for (size_t at = 0; at + 16 <= bytes.size();) {
    const uint64_t length = little_endian_at(bytes, at);
    bytes.replace(at + 8, 4, masked(bytes.substr(at, 8)));
    if (length > bytes.size() - at - 16) break;
    bytes.replace(at + 12 + length, 4, masked(bytes.substr(at + 12, length)));
    at += length + 16;
  }
  return bytes;
}

TEST_F(DataFuzz, TfRecord) {
  const auto field = [](int number, const std::string& bytes) {
    return std::string(1, static_cast<char>(number << 3 | 2)) +
           std::string(1, static_cast<char>(bytes.size())) + bytes;
  };
  const auto feature = [&](const std::string& key, const std::string& value) {
    return field(1, field(1, key) + field(2, value));
  };
  // Pictures that are none, as lengths below 128 fit a byte.
  const auto example = [&](const std::string& name, char label) {
    const std::string features = feature("image/encoded", field(1, field(1, "picture"))) +
                                 feature("image/class/label", field(3, field(1, {label})));
    const std::string all = features + feature("image/filename", field(1, field(1, name)));
    return tf_record(std::string("\x0a") + static_cast<char>(0x80 | (all.size() & 0x7f)) +
                     static_cast<char>(all.size() >> 7) + all);
  };
  const std::string whole = example("a.jpg", 1) + example("b.jpg", 3) + example("c.jpg", 2);
  for (size_t round = 0; round < test::fuzz_rounds(200); ++round) {
    Mutator mutator(round);
    std::string bytes = mutator.mutate(whole, whole);
    if (mutator.below(8) > 0) bytes = repaired_tf_records(bytes);
    write_file(dir_ / "x.tfrecord", bytes);
    attempt(round, [&] { read_all(*open_source("tfrecord", dir_.path())); });
  }
}

// A shard with checksums of header and index that are right again.
std::string repaired_shard(std::string bytes) {
  constexpr size_t kHeader = 64;  // index: place at 16, length at 24, checksum at 32; its own at 56
  if (bytes.size() < kHeader) return bytes;
  const uint64_t index = little_endian_at(bytes, 16);
  const uint64_t length = bytes.size() - std::min<uint64_t>(index, bytes.size());
  bytes.replace(24, 8, little_endian(length, 8));
  if (length > 0) {
    const uint64_t sum = detail::record_checksum(std::string_view(bytes).substr(index));
    bytes.replace(32, 8, little_endian(sum, 8));
  }
  const uint64_t own = detail::record_checksum(std::string_view(bytes).substr(0, kHeader - 8));
  return bytes.replace(56, 8, little_endian(own, 8));
}

TEST_F(DataFuzz, Records) {
  PackRequest request;
  request.config.data = test::data_section("{name: synthetic, train_examples: 5, val_examples: 0}");
  request.out = dir_ / "out";
  request.raw = 4;
  request.threads = 1;
  pack(request);
  const fs::path shard = dir_ / "out/train-00000.vitrec";
  const std::string whole = read_text(shard);
  for (size_t round = 0; round < test::fuzz_rounds(200); ++round) {
    Mutator mutator(round);
    std::string bytes = mutator.mutate(whole, whole);
    if (mutator.below(8) > 0) bytes = repaired_shard(bytes);
    write_file(shard, bytes);
    attempt(round, [&] { read_all(*open_source("records", dir_ / "out")); });
  }
  write_file(shard, whole);
  const std::string text = read_text(dir_ / "out/records.json");
  for (size_t round = 0; round < test::fuzz_rounds(200); ++round) {
    write_file(dir_ / "out/records.json", Mutator(round).mutate(text, text));
    attempt(round, [&] { read_all(*open_source("records", dir_ / "out")); });
  }
}

TEST_F(DataFuzz, Csv) {
  for (const char* name : {"1", "2", "3"})
    write_file(dir_ / "p" / (std::string(name) + ".png"), png(1, 1, 1));
  const std::string whole =
      "split,note,file,label\r\ntrain,x,p/1.png,0\r\ntrain,\"x, \"\"y\"\"\",p/2.png,1\r\n"
      "val,,p/3.png,0\r\n";
  for (size_t round = 0; round < test::fuzz_rounds(200); ++round) {
    Mutator mutator(round);
    write_file(dir_ / "all.csv", mutator.mutate(whole, whole));
    attempt(round, [&] { read_all(*open_source("csv", dir_.path())); });
    attempt(round, [&] { read_all(*open_labelled_files(dir_.path(), dir_ / "all.csv")); });
  }
}

TEST_F(DataFuzz, Idx) {
  const std::string labels = test::idx_labels(7), images = test::idx_images(7);
  for (size_t round = 0; round < test::fuzz_rounds(200); ++round) {
    Mutator mutator(round);
    const bool hits_images = mutator.below(3) > 0, is_packed = mutator.below(3) == 0;
    const std::string damaged = mutator.mutate(hits_images ? images : labels, images);
    write_file(dir_ / "train-images-idx3-ubyte", hits_images ? damaged : images);
    write_file(dir_ / "train-labels-idx1-ubyte", hits_images ? labels : damaged);
    if (is_packed) {  // damage to the compressed bytes, too
      const fs::path path = dir_ / "train-images-idx3-ubyte";
      gzFile file = gzopen(path.c_str(), "wb");
      gzwrite(file, images.data(), static_cast<unsigned>(images.size()));
      gzclose(file);
      write_file(path, mutator.mutate(read_text(path), images));
    }
    attempt(round, [&] { read_all(*open_source("idx", dir_.path())); });
  }
}

TEST_F(DataFuzz, Cifar) {
  std::string whole;
  for (char label : {0, 1, 2}) whole += test::cifar_record({label}, 10 * label);
  for (size_t round = 0; round < test::fuzz_rounds(200); ++round) {
    Mutator mutator(round);
    const size_t hit = mutator.below(6);
    for (size_t i = 0; i < 6; ++i) {
      const std::string name = i < 5 ? "data_batch_" + std::to_string(i + 1) : "test_batch";
      write_file(dir_ / (name + ".bin"), i == hit ? mutator.mutate(whole, whole) : whole);
    }
    attempt(round, [&] { read_all(*open_source("cifar", dir_.path())); });
  }
}

}  // namespace
}  // namespace vit
