// Decoding against Pillow's pixels, broken and foreign files, random damage, and PNG writing.
#include "vit/data/image_codec.hpp"

#include "vit/core/error.hpp"
#include "vit/core/random.hpp"

#include "picture_goldens.hpp"

#include <set>

namespace vit {
namespace {

using test::Json;

std::string refusal(std::string_view bytes, const std::string& name = "some.jpg") {
  try {
    decode_image(bytes, name);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(test::sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(test::sha256("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DecodeImage, GivesPillowsPixels) {
  int compared = 0;
  for (const Json& entry : test::picture_entries("decode")) {
    if (entry.at("params").at("exif") != "ignored") continue;  // turning by EXIF is not offered
    if (entry.at("pil_mode") == "I;16") continue;              // next test
    test::expect_matches(entry, test::source_image(entry.at("source")), 3);
    ++compared;
  }
  EXPECT_GT(compared, 20);
}

// Pillow clips 16-bit gray at 255; we keep the high byte, so that the picture can be seen.
TEST(DecodeImage, Scales16BitGray) {
  int compared = 0;
  for (const Json& entry : test::picture_entries("decode")) {
    if (entry.at("pil_mode") != "I;16" || !entry.contains("file")) continue;
    const std::string file = entry.at("file");
    const Image clipped = decode_image(read_text(test::golden_dir() / file), file);
    const Image ours = test::source_image(entry.at("source"));
    ASSERT_EQ(ours.extent(), clipped.extent());
    std::set<uint8_t> levels;
    for (size_t i = 0; i < ours.pixels.size(); ++i) {
      if (clipped.pixels[i] < 255) {
        EXPECT_EQ(ours.pixels[i], 0);
      }
      levels.insert(ours.pixels[i]);
    }
    EXPECT_GT(levels.size(), 20u);
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST(DecodeImage, RefusesOtherFormatsByName) {
  const Json index = Json::parse(read_text(test::golden_dir() / "images/index.json"));
  int refused = 0;
  for (const Json& entry : index.at("entries")) {
    const std::string source = entry.at("source");
    if (entry.at("op") != "decode" || test::is_readable_format(source)) continue;
    const std::string format = entry.at("pil_format");
    const std::string text = refusal(test::source_bytes(source), source);
    EXPECT_NE(text.find("'" + source + "'"), std::string::npos) << text;
    EXPECT_NE(text.find("it is a " + format + " picture"), std::string::npos) << text;
    ++refused;
  }
  EXPECT_EQ(refused, 2);
}

TEST(DecodeImage, SaysWhatABrokenFileLooksLike) {
  EXPECT_NE(refusal("").find("the file is empty"), std::string::npos);
  EXPECT_NE(refusal(std::string(100, '\0')).find("100 zero bytes"), std::string::npos);
  EXPECT_NE(refusal("not a picture\n").find("it is a text"), std::string::npos);
  EXPECT_NE(refusal("<html><body>404").find("did a download fail"), std::string::npos);
  EXPECT_NE(refusal("\x01\x02\x03\x04").find("neither JPEG, PNG nor WebP"), std::string::npos);
  EXPECT_NE(refusal("\xff\xd8\xff").find("damaged or incomplete"), std::string::npos);
}

// Whatever strict Pillow refuses is refused. Where Pillow accepts, so do we with the same pixels,
// except that a JPEG whose missing or broken data it paints over is refused.
TEST(DecodeImage, JudgesHostileFilesAsPillowOrStricter) {
  const Json index = Json::parse(read_text(test::golden_dir() / "hostile/index.json"));
  int accepted = 0, rejected = 0;
  for (const Json& entry : index.at("image")) {
    const std::string file = entry.at("file");
    SCOPED_TRACE(file);
    const std::string bytes = read_text(test::golden_dir() / file);
    const Json& strict = entry.at("strict");
    const std::string text = refusal(bytes, file);
    if (strict.at("verdict") == "reject") {
      EXPECT_NE(text.find(file), std::string::npos) << "accepted";
      ++rejected;
    } else if (text.empty()) {
      EXPECT_EQ(test::rgb_digest(decode_image(bytes, file)), strict.at("sha256_rgb"));
      ++accepted;
    } else {
      const std::string name = std::filesystem::path(file).stem();
      EXPECT_FALSE(name.starts_with("valid") || name == "trailing_garbage") << text;
      EXPECT_NE(text.find("damaged or incomplete"), std::string::npos) << text;
    }
  }
  EXPECT_GT(accepted, 2);
  EXPECT_GT(rejected, 10);
}

// Stray bytes between the segments change no pixel (some of ImageNet's files have them), but must
// not hide damage that follows.
TEST(DecodeImage, PassesOverStrayBytesInAJpegOnly) {
  const std::string original = test::source_bytes("sub420.jpg");
  const size_t tables = original.find("\xff\xdb"), huffman = original.find("\xff\xc4");
  ASSERT_NE(tables, std::string::npos);
  ASSERT_GT(huffman, tables);
  std::string stray = original;
  stray.insert(tables, 5, '\x11');
  EXPECT_EQ(decode_image(stray, "stray"), decode_image(original, "original"));

  std::string broken_table = original;
  broken_table.replace(huffman + 5, 16, 16, '\xee');  // counts of codes by length
  broken_table.insert(tables, 5, '\x11');
  EXPECT_NE(refusal(broken_table).find("Bogus Huffman table"), std::string::npos)
      << refusal(broken_table);

  EXPECT_NE(refusal(stray.substr(0, stray.size() / 2)), "");
  EXPECT_NE(refusal(stray.substr(0, stray.size() - 2)), "");
}

TEST(DecodeImage, ReadsLosslessWebpAndDropsItsAlpha) {
  EXPECT_EQ(
      decode_image(test::lossless_webp(), "webp").pixels,
      (std::vector<uint8_t>{255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 10, 20, 30, 200, 100, 50}));
}

std::string little_endian(uint32_t n) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(n >> shift & 255);
  return bytes;
}

// The container of what is more than a plain WebP: flags, then width and height less one.
std::string extended_webp(unsigned char flags, uint32_t width, uint32_t height,
                          const std::string& chunks) {
  const std::string header = std::string("VP8X") + little_endian(10) + static_cast<char>(flags) +
                             std::string(3, '\0') + little_endian(width - 1).substr(0, 3) +
                             little_endian(height - 1).substr(0, 3);
  const auto size = static_cast<uint32_t>(4 + header.size() + chunks.size());
  return "RIFF" + little_endian(size) + "WEBP" + header + chunks;
}

TEST(DecodeImage, RefusesAnimatedCutAndHugeWebp) {
  const std::string still = test::lossless_webp().substr(12);
  EXPECT_EQ(decode_image(extended_webp(0, 3, 2, still), "extended"),
            decode_image(test::lossless_webp(), "plain"));
  EXPECT_NE(refusal(extended_webp(2, 3, 2, still)).find("animated WebP"), std::string::npos);
  EXPECT_NE(refusal(extended_webp(0, 16000, 16000, still)), "");
  for (size_t length : {11U, 12U, 20U, 30U, 60U, 87U})
    EXPECT_NE(refusal(test::lossless_webp().substr(0, length)), "") << length;
}

std::string exif(const std::string& tiff_order, int orientation) {
  const char value = static_cast<char>(orientation);
  using namespace std::string_literals;
  return tiff_order == "MM"
             ? "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + value + "\0\0\0\0\0\0"s
             : "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + value + "\0\0\0\0\0\0\0"s;
}

TEST(DecodeImage, AppliesTheOrientationOfAWebp) {
  const std::string still = test::lossless_webp().substr(12);
  for (const char* order : {"MM", "II"}) {
    const std::string block = exif(order, 6);
    const std::string bytes = extended_webp(
        8, 3, 2, still + "EXIF" + little_endian(static_cast<uint32_t>(block.size())) + block);
    EXPECT_EQ(decode_image(bytes, "exif").extent(), (Extent{2, 3}));
    const Image turned = decode_image(bytes, "exif", Orientation::kApply);
    EXPECT_EQ(turned.extent(), (Extent{3, 2}));
    EXPECT_EQ(turned.pixels[0], 1);  // the lower left corner comes to the upper left one
  }
}

TEST(DecodeImage, NamesTheSizeOfABomb) {
  const auto file = test::golden_dir() / "hostile/image/huge_dimension.jpg";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no such golden file";
  EXPECT_NE(refusal(read_text(file)).find("65500x65500"), std::string::npos)
      << refusal(read_text(file));
}

Image noise(int64_t height, int64_t width, int64_t channels) {
  Image image(height, width, channels);
  Random random(3);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.below(256));
  return image;
}

TEST(EncodePng, IsReadBackUnchanged) {
  const Image colour = noise(13, 7, 3);
  EXPECT_EQ(decode_image(encode_png(colour), "colour"), colour);

  const Image gray = noise(9, 11, 1);
  const Image back = decode_image(encode_png(gray), "gray");
  ASSERT_EQ(back.channels, 3);
  for (size_t i = 0; i < gray.pixels.size(); ++i) {
    EXPECT_EQ(back.pixels[i * 3], gray.pixels[i]);
    EXPECT_EQ(back.pixels[i * 3 + 2], gray.pixels[i]);
  }
}

}  // namespace
}  // namespace vit
