// Decoding a part of a picture gives the pixels that decoding all of it gives, and plans give those
// of the steps they stand for.
#include "vit/data/crop_plan.hpp"
#include "vit/data/transform.hpp"

#include "data/exif.hpp"
#include "data/picture_decoder.hpp"
#include "picture_goldens.hpp"
#include "support/temp_dir.hpp"

#include <cstdlib>

namespace vit {
namespace {

Image noise(int64_t height, int64_t width, int64_t channels = 3) {
  Image image(height, width, channels);
  Random random(static_cast<uint64_t>(height * 1000 + width));
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.below(256));
  return image;
}

Box random_box(Extent image, Random& random) {
  const int64_t height = 1 + random.below(image.height), width = 1 + random.below(image.width);
  return {random.below(image.height - height + 1), random.below(image.width - width + 1), height,
          width};
}

// ---- plans

CropPlan random_plan(Extent image, Random& random) {
  const Box box = random_box(image, random);
  CropPlan plan = crop_plan(box);
  if (random.chance(0.5)) {
    plan = resize_plan(box, {1 + random.below(40), 1 + random.below(40)}, Interpolation::kBicubic);
    plan.window = random_box(plan.size, random);
  }
  plan.mirrored = random.chance(0.5);
  return plan;
}

TEST(CropPlan, OfTwoStepsGivesThePixelsOfBoth) {
  int joined = 0, apart = 0;
  for (uint64_t key = 0; key < 400; ++key) {
    Random random = Random(2).at(key);
    const Image image = noise(1 + random.below(50), 1 + random.below(50));
    const CropPlan first = random_plan(image.extent(), random);
    const CropPlan next = random_plan(first.result(), random);
    const auto both = followed_by(first, next);
    if (!both) {
      EXPECT_TRUE(next.resizes() && (first.resizes() || first.mirrored));
      ++apart;
      continue;
    }
    ASSERT_EQ(apply_plan(image, *both), apply_plan(apply_plan(image, first), next)) << key;
    ++joined;
  }
  EXPECT_GT(joined, 100);
  EXPECT_GT(apart, 50);
}

TEST(CropPlan, OfATransformGivesItsPixels) {
  for (const std::string& name : Transforms::catalog().names()) {
    const auto transform =
        Transforms::catalog().make(name).build({square(20), Interpolation::kBilinear});
    const Image image = noise(37, 41);
    for (uint64_t key = 0; key < 20; ++key) {
      const auto plan = transform->plan(image.extent(), Random(3).at(key));
      if (!plan) continue;
      EXPECT_EQ(apply_plan(image, *plan), transform->apply(image, Random(3).at(key))) << name;
    }
  }
}

// ---- parts of encoded pictures

Image decoded_part(const std::string& bytes, const Box& box) {
  const auto decoder = detail::open_picture(bytes, "picture");
  detail::PixelBuffer buffer;
  const detail::Decoded decoded = decoder->decode(box, 1, buffer);
  const detail::Pixels part =
      decoded.pixels.part({box.top - decoded.top, box.left - decoded.left, box.height, box.width});
  Image image(box.height, box.width, 3);
  for (int64_t y = 0; y < box.height; ++y) std::copy_n(part.row(y), box.width * 3, image.row(y));
  return image;
}

std::vector<std::string> source_names() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(test::golden_dir() / "images/src")) {
    const std::string name = file.path().filename();
    if (test::is_readable_format(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// All kinds of JPEG (gray, CMYK, progressive, every subsampling, restart markers), PNG, WebP.
TEST(CropDecoding, GivesThePixelsOfTheWholePicture) {
  int compared = 0;
  for (const std::string& name : source_names()) {
    const std::string bytes = test::source_bytes(name);
    const Image whole = decode_image(bytes, name);
    for (uint64_t key = 0; key < 60; ++key) {
      Random random = Random(7).at(key);
      const Box box = random_box(whole.extent(), random);
      ASSERT_EQ(decoded_part(bytes, box), crop(whole, box))
          << name << " " << box.top << " " << box.left << " " << box.height << "x" << box.width;
      ++compared;
    }
  }
  EXPECT_GT(compared, 1500);
}

// Also where the part lies before the cut, so that the data for it are all there.
TEST(CropDecoding, RefusesAFileThatWasCutOff) {
  const Box corner{0, 0, 8, 8};
  for (const char* name :
       {"sub420.jpg", "sub444.jpg", "progressive.jpg", "rgba.png", "lossy.webp"}) {
    const std::string bytes = test::source_bytes(name);
    EXPECT_NO_THROW(decoded_part(bytes, corner)) << name;
    EXPECT_THROW(decoded_part(bytes.substr(0, bytes.size() * 3 / 4), corner), UnreadablePicture)
        << name;
    EXPECT_THROW(decoded_part(bytes.substr(0, bytes.size() - 2), corner), UnreadablePicture)
        << name;
  }
}

const std::vector<TransformSection>& training() {
  static const std::vector<TransformSection> list = {TransformSection("random_resized_crop"),
                                                     TransformSection("flip")};
  return list;
}

// Into a batch, crop by crop, against the transforms one by one on the whole picture.
void expect_same_examples(const Pipeline& pipeline, const std::string& bytes,
                          const std::string& name, uint64_t rounds) {
  const Picture picture{name, bytes, {}, nullptr};
  const Image whole = decode(picture);
  const Extent size = pipeline.result();
  std::vector<uint8_t> planes(static_cast<size_t>(size.area() * 3)), expected(planes.size());
  for (uint64_t key = 0; key < rounds; ++key) {
    pipeline.write(picture, Random(5).at(key), 3, planes.data());
    write_planes(pipeline.apply(whole, Random(5).at(key)), 3, expected.data());
    ASSERT_EQ(planes, expected) << name << ", crop " << key;
  }
}

TEST(CropDecoding, FillsABatchAsWholePicturesWould) {
  InputConfig bilinear;
  bilinear.interpolation = Interpolation::kBilinear;
  const Pipeline pipelines[] = {Pipeline(training(), InputConfig{}, square(64)),
                                Pipeline(training(), bilinear, {33, 71}),
                                Pipeline({}, InputConfig{.crop = 0.875}, square(48))};
  for (const std::string& name : source_names()) {
    for (const Pipeline& pipeline : pipelines)
      expect_same_examples(pipeline, test::source_bytes(name), name, 12);
  }
}

TEST(CropDecoding, LeavesTheRestOfTheListToWholeImages) {
  // The second resizing ends the plan; what follows works on pixels.
  const Pipeline pipeline({TransformSection("random_resized_crop"), TransformSection("flip"),
                           TransformSection("resize_shorter"), TransformSection("random_crop")},
                          InputConfig{}, {40, 52});
  for (const char* name : {"sub420.jpg", "gray.jpg", "rgba.png"})
    expect_same_examples(pipeline, test::source_bytes(name), name, 12);
  Picture gray = raw_picture("gray", noise(30, 20, 1));
  std::vector<uint8_t> planes(40 * 52), expected(planes.size());
  pipeline.write(gray, Random(1), 1, planes.data());
  write_planes(pipeline.apply(gray.pixels, Random(1)), 1, expected.data());
  EXPECT_EQ(planes, expected);
}

// VIT_CROP_ROUNDS crops (2 if it is not set; the proof of the rule was run with 20) of every
// picture of real sets.
void compare_archive(const std::string& archive_name, int64_t least) {
  const auto shared = test::shared_dir();
  const auto archive =
      shared ? *shared / "data" / archive_name : std::filesystem::path(archive_name);
  if (!std::filesystem::exists(archive)) GTEST_SKIP() << archive_name << " is not here";
  test::TempDir dir;
  const std::string command = "tar -xf '" + archive.string() + "' -C '" + dir.path().string() + "'";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "tar cannot unpack it";
  const char* wish = std::getenv("VIT_CROP_ROUNDS");
  const uint64_t rounds = wish != nullptr ? std::strtoull(wish, nullptr, 10) : 2;
  const Pipeline pipeline(training(), InputConfig{}, square(224));
  int64_t compared = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(dir.path())) {
    const std::string ending = file.path().extension();
    if (ending != ".jpg" && ending != ".JPEG") continue;
    expect_same_examples(pipeline, read_text(file.path()), file.path().filename(), rounds);
    if (::testing::Test::HasFatalFailure()) return;
    ++compared;
  }
  EXPECT_GE(compared, least);
}

TEST(CropDecoding, HoldsForAllFlowers) { compare_archive("flowers102-trainval.tar", 2040); }
TEST(CropDecoding, HoldsForValidationImages) { compare_archive("imagenet-val500-224.tar", 500); }

// ---- reduced decoding and orientation

TEST(ReducedDecoding, IsCloseAndOnlyUsedWhereThereArePixelsEnough) {
  const std::string bytes = test::source_bytes("wide2400.jpg");
  const Picture picture{"wide", bytes, {}, nullptr};
  InputConfig input;
  input.resize = InputConfig::Resize::kSquash;
  const auto mean_difference = [&](Extent size) {
    const Image full = Pipeline({}, input, size).apply(picture, Random(1));
    const Image reduced = Pipeline({}, input, size, {.reduced = true}).apply(picture, Random(1));
    double sum = 0;
    for (size_t i = 0; i < full.pixels.size(); ++i)
      sum += std::abs(full.pixels[i] - reduced.pixels[i]);
    return sum / static_cast<double>(full.pixels.size());
  };
  for (Extent size : {Extent{80, 1200}, Extent{40, 600}, Extent{16, 160}, Extent{39, 411}}) {
    EXPECT_LT(mean_difference(size), 3.0) << to_string(size);
    EXPECT_GT(mean_difference(size), 0.0) << to_string(size);
  }
  EXPECT_EQ(mean_difference({81, 1200}), 0.0);  // less than twice as many rows
}

TEST(ExifOrientation, TurnsAsPillowDoes) {
  Image image(2, 3, 1);
  image.pixels = {1, 2, 3, 4, 5, 6};
  const std::vector<std::vector<uint8_t>> turned = {
      {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
      {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image result = detail::upright(image, orientation);
    EXPECT_EQ(result.pixels, turned[static_cast<size_t>(orientation - 1)]) << orientation;
    EXPECT_EQ(result.width, orientation < 5 ? 3 : 2);
  }
}

TEST(ExifOrientation, IsAppliedToCropsToo) {
  int compared = 0;
  for (const test::Json& entry : test::picture_entries("decode")) {
    if (entry.at("params").at("exif") == "ignored") continue;
    const std::string name = entry.at("source"), bytes = test::source_bytes(name);
    const Image whole = decode_image(bytes, name, Orientation::kApply);
    test::expect_matches(entry, whole, 3);
    const Pipeline pipeline(training(), InputConfig{}, square(40),
                            {.orientation = Orientation::kApply});
    for (uint64_t key = 0; key < 5; ++key) {
      EXPECT_EQ(pipeline.apply(Picture{name, bytes, {}, nullptr}, Random(1).at(key)),
                pipeline.apply(whole, Random(1).at(key)));
    }
    ++compared;
  }
  EXPECT_EQ(compared, 3);
}

}  // namespace
}  // namespace vit
