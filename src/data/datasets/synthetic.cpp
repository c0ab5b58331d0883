// Pictures made up on access, as a function of (seed, index): every class is a coarse colour
// pattern of its own under noise, so that a model that works learns it. For tests, smoke runs and
// benchmarks.
#include "vit/core/error.hpp"
#include "vit/core/random.hpp"

#include "datasets.hpp"

#include <fmt/format.h>

#include <array>

namespace vit {

struct SyntheticConfig {
  int64_t classes = 10;
  Extent size = square(32);
  int64_t channels = 3;
  int64_t train_examples = 1000;
  int64_t val_examples = 200;
  int64_t seed = 0;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&SyntheticConfig::classes>("Number of classes.", positive),
        field<&SyntheticConfig::size>("Size of the pictures in pixels.", positive),
        field<&SyntheticConfig::channels>("1 (gray) or 3 (colour)."),
        field<&SyntheticConfig::train_examples>("Pictures in the training split.", positive),
        field<&SyntheticConfig::val_examples>(
            "Pictures in the validation split (0: no such split).", non_negative),
        field<&SyntheticConfig::seed>("Another seed, other pictures.", non_negative)};
  }
  void check(config::Problems& problems) const {
    problems.require(channels == 1 || channels == 3, "channels", "must be 1 or 3");
  }
};

namespace {

constexpr int64_t kCells = 4;  // a class's pattern is kCells x kCells cells of flat colour

class SyntheticDataset final : public Dataset {
 public:
  SyntheticDataset(const SyntheticConfig& config, std::string split)
      : config_(config),
        split_(std::move(split)),
        size_(split_ == "train" ? config.train_examples : config.val_examples),
        patterns_(Random(static_cast<uint64_t>(config.seed)).stream("pattern")),
        noise_(Random(static_cast<uint64_t>(config.seed)).stream(split_)) {}

  int64_t size() const override { return size_; }
  int64_t label(int64_t index) const override { return index % config_.classes; }
  std::string name(int64_t index) const override { return fmt::format("{}[{}]", split_, index); }

  Picture picture(int64_t index) const override {
    VIT_CHECK(index >= 0 && index < size_, "index out of range");
    const Pattern pattern = pattern_of(label(index));
    Random noise = noise_.at(static_cast<uint64_t>(index));
    Image image(config_.size.height, config_.size.width, config_.channels);
    uint8_t* pixel = image.pixels.data();
    uint64_t bits = 0;
    int bytes_left = 0;
    for (int64_t y = 0; y < image.height; ++y) {
      for (int64_t x = 0; x < image.width; ++x) {
        const int64_t cell = y * kCells / image.height * kCells + x * kCells / image.width;
        for (int64_t c = 0; c < image.channels; ++c, ++pixel) {
          if (bytes_left == 0) {
            bits = noise.bits();
            bytes_left = 8;
          }
          *pixel = static_cast<uint8_t>(pattern[static_cast<size_t>(cell * 3 + c)] + (bits & 127));
          bits >>= 8;
          --bytes_left;
        }
      }
    }
    return raw_picture(name(index), std::move(image));
  }

 private:
  using Pattern = std::array<uint8_t, kCells * kCells * 3>;  // levels 0 .. 127

  Pattern pattern_of(int64_t label) const {
    Random draw = patterns_.at(static_cast<uint64_t>(label));
    Pattern pattern;
    for (uint8_t& level : pattern) level = static_cast<uint8_t>(draw.below(128));
    return pattern;
  }

  SyntheticConfig config_;
  std::string split_;
  int64_t size_;
  Random patterns_, noise_;
};

class SyntheticSource final : public DataSource {
 public:
  explicit SyntheticSource(const SyntheticConfig& config)
      : config_(config), info_{"synthetic", numbered_classes(config.classes), config.channels} {}

  const DataInfo& info() const override { return info_; }

  std::vector<std::string> splits() const override {
    return config_.val_examples > 0 ? std::vector<std::string>{"train", "val"}
                                    : std::vector<std::string>{"train"};
  }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    return std::make_unique<SyntheticDataset>(config_, split);
  }

 private:
  SyntheticConfig config_;
  DataInfo info_;
};

std::unique_ptr<DataSource> build_synthetic(const SyntheticConfig& config) {
  return std::make_unique<SyntheticSource>(config);
}

}  // namespace

void add_synthetic(Datasets::Catalog& datasets) {
  datasets.add<SyntheticConfig>(
      "synthetic", "Made-up pictures with a pattern per class, for tests and benchmarks.",
      build_synthetic);
}

}  // namespace vit
