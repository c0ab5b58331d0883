#include "tfrecord_walk.hpp"

#include "vit/core/error.hpp"

#include "crc32c.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <fstream>

namespace vit::detail {
namespace {

constexpr int64_t kHeader = 12;   // a length of 8 bytes and its checksum
constexpr int64_t kChecksum = 4;  // behind the data
constexpr int64_t kLongestKey = 256;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool header_is_right(std::string_view header) {
  return masked_crc(crc32c(header.substr(0, 8))) == little_endian(header.substr(8, 4));
}

[[noreturn]] void damaged(const FileWindow& window, int64_t at, const std::string& problem) {
  throw DataError(fmt::format("'{}' is damaged at byte {}: {}\nget the file again",
                              window.file().path().string(), at, problem));
}

// Fields of a message one after another (protobuf.dev/programming-guides/encoding).
class Message {
 public:
  Message(FileWindow& window, ByteRange range) : window_(window), range_(range) {}

  // What next() found: of kVarint the number, of kBytes the place.
  enum Kind : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  uint64_t field = 0, kind = 0, number = 0;
  ByteRange bytes;

  bool next() {
    if (range_.begin >= range_.end) return false;
    const uint64_t tag = varint();
    field = tag >> 3;
    kind = tag & 7;
    switch (kind) {
      case kVarint:
        number = varint();
        return true;
      case kFixed64:
        skip(8);
        return true;
      case kBytes:
        skip(varint());
        return true;
      case kFixed32:
        skip(4);
        return true;
      default:
        damaged(window_, range_.begin, "the record is no tf.train.Example");
    }
  }
  bool is_bytes(uint64_t wanted) const { return field == wanted && kind == kBytes; }
  bool at_end() const { return range_.begin >= range_.end; }

  uint64_t varint() {
    constexpr int64_t kLongest = 10;
    const std::string_view some =
        window_.view(range_.begin, std::min(kLongest, range_.end - range_.begin));
    uint64_t value = 0;
    for (size_t i = 0; i < some.size(); ++i) {
      value |= static_cast<uint64_t>(some[i] & 0x7f) << (7 * i);
      if ((some[i] & 0x80) != 0) continue;
      range_.begin += static_cast<int64_t>(i) + 1;
      return value;
    }
    damaged(window_, range_.begin, "a number in the record does not end");
  }

 private:
  void skip(uint64_t size) {
    if (size > static_cast<uint64_t>(range_.end - range_.begin)) {
      damaged(window_, range_.begin,
              fmt::format("a field of {} bytes, where {} are left", size, range_.size()));
    }
    bytes = {range_.begin, range_.begin + static_cast<int64_t>(size)};
    range_.begin = bytes.end;
  }

  FileWindow& window_;
  ByteRange range_;
};

// Fields of a Feature: what it holds.
constexpr uint64_t kBytesList = 1, kFloatList = 2, kInt64List = 3;

Feature read_feature(FileWindow& window, ByteRange range) {
  Feature feature;
  feature.place = range;
  for (Message message(window, range); message.next();) {
    if (!message.is_bytes(kBytesList) && !message.is_bytes(kInt64List)) continue;
    Message list(window, message.bytes);
    if (!list.next() || list.field != 1) continue;
    if (message.field == kBytesList && list.kind == Message::kBytes) feature.bytes = list.bytes;
    if (message.field != kInt64List) continue;
    if (list.kind == Message::kVarint) feature.integer = static_cast<int64_t>(list.number);
    Message packed(window, list.bytes);
    if (list.kind == Message::kBytes && !packed.at_end()) {
      feature.integer = static_cast<int64_t>(packed.varint());
    }
  }
  return feature;
}

// Floats at a place: one, or packed ones.
void add_floats(FileWindow& window, ByteRange place, std::vector<double>& numbers) {
  if (place.size() % static_cast<int64_t>(sizeof(float)) != 0) {
    damaged(window, place.begin, "a list of floats ends within one");
  }
  for (int64_t at = place.begin; at < place.end; at += static_cast<int64_t>(sizeof(float))) {
    const auto bits = static_cast<uint32_t>(little_endian(window.view(at, sizeof(float))));
    numbers.push_back(std::bit_cast<float>(bits));
  }
}

void add_integers(FileWindow& window, const Message& list, std::vector<double>& numbers) {
  const auto add = [&](uint64_t number) {
    numbers.push_back(static_cast<double>(static_cast<int64_t>(number)));
  };
  if (list.kind == Message::kVarint) add(list.number);
  if (list.kind != Message::kBytes) return;
  for (Message packed(window, list.bytes); !packed.at_end();) add(packed.varint());
}

}  // namespace

bool looks_like_tfrecord(const std::filesystem::path& path) {
  std::string header(kHeader, '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(header.data(), kHeader) && header_is_right(header);
}

void walk_records(FileWindow& window, const std::function<void(ByteRange record)>& visit) {
  const int64_t end = window.file().size();
  for (int64_t at = 0; at < end;) {
    if (end - at < kHeader) damaged(window, at, "it ends within the length of a record");
    const std::string_view header = window.view(at, kHeader);
    if (!header_is_right(header)) {
      damaged(window, at,
              at == 0 ? "it does not begin with a TFRecord (uncompressed ones are read)"
                      : "the length of a record has a wrong checksum");
    }
    const uint64_t size = little_endian(header.substr(0, 8));
    const int64_t left = end - at - kHeader - kChecksum;
    if (left < 0 || size > static_cast<uint64_t>(left)) {
      damaged(window, at,
              fmt::format("a record of {} bytes, but the file ends after {}", size,
                          std::max<int64_t>(left, 0)));
    }
    const ByteRange record{at + kHeader, at + kHeader + static_cast<int64_t>(size)};
    visit(record);
    at = record.end + kChecksum;
  }
}

bool record_is_whole(std::string_view data_and_checksum) {
  const size_t size = data_and_checksum.size() - kChecksum;
  return masked_crc(crc32c(data_and_checksum.substr(0, size))) ==
         little_endian(data_and_checksum.substr(size));
}

void walk_features(FileWindow& window, ByteRange example,
                   const std::function<void(const std::string& key, const Feature&)>& visit) {
  for (Message outer(window, example); outer.next();) {
    if (!outer.is_bytes(1)) continue;  // Example.features
    for (Message features(window, outer.bytes); features.next();) {
      if (!features.is_bytes(1)) continue;  // an entry of Features.feature, which is a map
      std::string key;
      std::optional<ByteRange> value;
      for (Message entry(window, features.bytes); entry.next();) {
        if (entry.is_bytes(1) && entry.bytes.size() <= kLongestKey) {
          key = window.view(entry.bytes.begin, entry.bytes.size());
        }
        if (entry.is_bytes(2)) value = entry.bytes;
      }
      if (value) visit(key, read_feature(window, *value));
    }
  }
}

std::vector<double> read_numbers(FileWindow& window, ByteRange place) {
  std::vector<double> numbers;
  for (Message message(window, place); message.next();) {
    const bool are_floats = message.is_bytes(kFloatList);
    if (!are_floats && !message.is_bytes(kInt64List)) continue;
    for (Message list(window, message.bytes); list.next();) {
      if (list.field != 1) continue;
      if (!are_floats) add_integers(window, list, numbers);
      if (are_floats && list.kind != Message::kVarint) add_floats(window, list.bytes, numbers);
    }
  }
  return numbers;
}

}  // namespace vit::detail
