// The passes for AVX2 against the plain ones, and tf.image.resize.
#include "vit/core/random.hpp"

#include "data/resampler.hpp"
#include "picture_goldens.hpp"

namespace vit {
namespace {

using detail::Kernels;

Image noise(int64_t height, int64_t width, int64_t channels, uint64_t key) {
  Image image(height, width, channels);
  Random random = Random(13).at(key);
  for (uint8_t& value : image.pixels) {
    value = static_cast<uint8_t>(random.below(256));
    if (random.chance(0.2)) value = value < 128 ? 0 : 255;  // sums beyond what a byte holds
  }
  return image;
}

std::vector<uint8_t> resampled(const Image& image, const CropPlan& plan, bool planar,
                               const Kernels& kernels) {
  // Bytes around the result show whether anything else is written.
  constexpr int64_t kGuard = 64;
  const int64_t area = plan.window.area(), bytes = area * image.channels;
  std::vector<uint8_t> memory(static_cast<size_t>(bytes + 2 * kGuard), uint8_t{0xa5});
  const detail::Raster target =
      planar ? detail::Raster{memory.data() + kGuard, plan.window.width, area}
             : detail::Raster{memory.data() + kGuard, plan.window.width * image.channels, 0};
  detail::resample(detail::pixels_of(image).part(plan.box), detail::sampling_of(plan), target,
                   kernels);
  for (int64_t i = 0; i < kGuard; ++i) {
    EXPECT_EQ(memory[static_cast<size_t>(i)], 0xa5);
    EXPECT_EQ(memory[static_cast<size_t>(bytes + kGuard + i)], 0xa5);
  }
  return {memory.begin() + kGuard, memory.begin() + kGuard + bytes};
}

CropPlan random_plan(Extent image, Random& random) {
  const auto part = [&](Extent all) {
    const int64_t height = 1 + random.below(all.height), width = 1 + random.below(all.width);
    return Box{random.below(all.height - height + 1), random.below(all.width - width + 1), height,
               width};
  };
  constexpr std::array kFilters = {Interpolation::kBilinear, Interpolation::kBicubic,
                                   Interpolation::kBox};
  CropPlan plan = resize_plan(part(image), {1 + random.below(70), 1 + random.below(70)},
                              kFilters[static_cast<size_t>(random.below(3))]);
  if (random.chance(0.2)) plan.size.width = plan.box.width;
  if (random.chance(0.2)) plan.size.height = plan.box.height;
  plan.window = part(plan.size);
  plan.mirrored = random.chance(0.5);
  return plan;
}

void compare_with_plain(const Kernels* fast) {
  if (fast == nullptr) GTEST_SKIP() << "this processor has no such instructions";
  for (uint64_t key = 0; key < 2000; ++key) {
    Random random = Random(4).at(key);
    const Image image =
        noise(1 + random.below(90), 1 + random.below(90), random.chance(0.2) ? 1 : 3, key);
    const CropPlan plan = random_plan(image.extent(), random);
    const bool planar = random.chance(0.5);
    ASSERT_EQ(resampled(image, plan, planar, *fast),
              resampled(image, plan, planar, detail::scalar_kernels()))
        << key;
  }
}

TEST(Kernels, ForAvx2GiveTheBytesOfThePlainOnes) { compare_with_plain(detail::avx2_kernels()); }

// Planes and mirroring on the way against both afterwards.
TEST(Kernels, MirrorAndTakeColoursApart) {
  for (uint64_t key = 0; key < 300; ++key) {
    Random random = Random(6).at(key);
    const Image image = noise(1 + random.below(60), 1 + random.below(60), 3, key);
    CropPlan plan = random_plan(image.extent(), random);
    plan.mirrored = true;
    const std::vector<uint8_t> planes = resampled(image, plan, true, detail::kernels());
    plan.mirrored = false;
    Image expected = apply_plan(image, plan);
    flip_horizontally(expected);
    const auto area = static_cast<size_t>(plan.window.area());
    for (size_t i = 0; i < area; ++i) {
      for (size_t c = 0; c < 3; ++c)
        ASSERT_EQ(planes[c * area + i], expected.pixels[i * 3 + c]) << key;
    }
  }
}

// ---- tf.image.resize

// Reference outputs of TensorFlow: a safetensors file whose header is read here by hand.
class TensorflowImages {
 public:
  explicit TensorflowImages(const std::string& bytes) {
    uint64_t size = 0;
    std::memcpy(&size, bytes.data(), sizeof size);
    header_ = test::Json::parse(bytes.substr(8, size));
    data_ = bytes.substr(8 + size);
    entries_ =
        test::Json::parse(header_.at("__metadata__").at("json").get<std::string>()).at("entries");
  }
  const test::Json& entries() const { return entries_; }
  Extent extent(const std::string& key) const {
    const auto& shape = header_.at(key).at("shape");
    return {shape.at(0), shape.at(1)};
  }
  const char* data(const std::string& key) const {
    return data_.data() + header_.at(key).at("data_offsets").at(0).get<size_t>();
  }
  Image image(const std::string& key) const {
    Image image(extent(key).height, extent(key).width, 3);
    std::memcpy(image.pixels.data(), data(key), image.pixels.size());
    return image;
  }

 private:
  test::Json header_, entries_;
  std::string data_;
};

TEST(TensorflowBilinear, GivesTheReferencesPixels) {
  const auto file = test::golden_dir() / "tensorflow_image.safetensors";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "tensorflow_image.safetensors is not here";
  const TensorflowImages reference(read_text(file));
  int cast = 0, fractions = 0;
  for (const test::Json& entry : reference.entries()) {
    const std::string key = entry.value("key", ""), op = entry.at("op");
    SCOPED_TRACE(key);
    if (key.find("resize") == std::string::npos || key.find("antialias") != std::string::npos)
      continue;
    const bool bytes = key.starts_with("big_vision/") && op.starts_with("resize(");
    const bool floats = key.starts_with("resize/") && entry.at("method") == "bilinear";
    if (!bytes && !floats) continue;
    const Image input = reference.image("input/" + entry.at("input").get<std::string>());
    const Image ours = resize(input, reference.extent(key), Interpolation::kBilinearTensorflow);
    if (bytes) {
      EXPECT_EQ(ours, reference.image(key));
      ++cast;
      continue;
    }
    for (size_t i = 0; i < ours.pixels.size(); ++i) {
      float value = 0;
      std::memcpy(&value, reference.data(key) + i * sizeof value, sizeof value);
      ASSERT_GE(value + 1e-3F, ours.pixels[i]);
      ASSERT_LT(value - 1e-3F, ours.pixels[i] + 1);
    }
    ++fractions;
  }
  EXPECT_EQ(cast, 4);
  EXPECT_EQ(fractions, 6);
}

// By hand: two of four pixels are seen, and halves are cut off.
TEST(TensorflowBilinear, DoesNotAverage) {
  Image image(1, 4, 1);
  image.pixels = {0, 101, 200, 255};
  EXPECT_EQ(resize(image, {1, 2}, Interpolation::kBilinearTensorflow).pixels,
            (std::vector<uint8_t>{50, 227}));
  image.pixels = {10, 20, 30, 40};
  EXPECT_EQ(resize(image, {1, 1}, Interpolation::kBilinearTensorflow).pixels,
            (std::vector<uint8_t>{25}));
  EXPECT_EQ(resize(image, {1, 8}, Interpolation::kBilinearTensorflow).pixels,
            (std::vector<uint8_t>{10, 12, 17, 22, 27, 32, 37, 40}));
}

TEST(TensorflowBilinear, CropsAndMirrorsLikeTheOthers) {
  const Image image = noise(30, 40, 3, 1);
  CropPlan plan = resize_plan({3, 4, 20, 30}, {15, 17}, Interpolation::kBilinearTensorflow);
  const Image whole = apply_plan(image, plan);
  EXPECT_EQ(whole, resize(crop(image, plan.box), plan.size, plan.interpolation));
  plan.window = {2, 5, 7, 9};
  plan.mirrored = true;
  Image part = crop(whole, plan.window);
  flip_horizontally(part);
  EXPECT_EQ(apply_plan(image, plan), part);
}

}  // namespace
}  // namespace vit
