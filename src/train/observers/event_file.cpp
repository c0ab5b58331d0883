// Field numbers are those of tensorflow/core/util/event.proto and framework/summary.proto:
//   Event   { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5;
//   SessionLog session_log = 7; } Summary { repeated Value value = 1; }   Value { string tag = 1;
//   float simple_value = 2; }   SessionLog { status = 1; }
#include "event_file.hpp"

#include "wall_clock.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstddef>

namespace vit {
namespace {

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);  // reflected polynomial
    table[byte] = crc;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

// TFRecord stores checksums rotated and shifted, so that a checksum over data holding checksums
// stays sound.
uint32_t masked(uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8u; }

template <class Integer>
std::string little_endian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}

// Protobuf fields: a key (number and wire type), then the value.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
std::string key(uint32_t field, WireType type) { return varint(field << 3 | type); }

std::string double_field(uint32_t field, double value) {
  return key(field, kFixed64) + little_endian(std::bit_cast<uint64_t>(value));
}
std::string float_field(uint32_t field, float value) {
  return key(field, kFixed32) + little_endian(std::bit_cast<uint32_t>(value));
}
std::string integer_field(uint32_t field, int64_t value) {
  return key(field, kVarint) + varint(static_cast<uint64_t>(value));
}
std::string bytes_field(uint32_t field, std::string_view value) {
  return key(field, kBytes) + varint(value.size()) + std::string(value);
}

std::string event(int64_t step) { return double_field(1, unix_time()) + integer_field(2, step); }

// A name no other file has: two runs of one process may start within a second.
std::filesystem::path new_event_path(const std::filesystem::path& folder) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {"localhost"};
  const auto stem = fmt::format("events.out.tfevents.{:010}.{}.{}",
                                static_cast<int64_t>(unix_time()), host.data(), getpid());
  std::filesystem::path path = folder / stem;
  for (int n = 1; std::filesystem::exists(path); ++n) path = folder / fmt::format("{}.{}", stem, n);
  return path;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = 0xffffffffu;
  for (const char c : bytes)
    crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

EventFile::EventFile(const std::filesystem::path& folder)
    : file_(new_event_path(folder), AppendFile::Mode::kNew) {
  write_record(event(0) + bytes_field(3, "brain.Event:2"));
}

void EventFile::write(int64_t step, const std::vector<Scalar>& scalars) {
  std::string summary;
  for (const auto& scalar : scalars) {
    summary += bytes_field(
        1, bytes_field(1, scalar.tag) + float_field(2, static_cast<float>(scalar.value)));
  }
  write_record(event(step) + bytes_field(5, summary));
}

void EventFile::write_restart(int64_t step) {
  constexpr int64_t kStart = 1;  // SessionLog.SessionStatus.START
  write_record(event(step) + bytes_field(7, integer_field(1, kStart)));
}

void EventFile::write_record(std::string_view event) {
  const std::string length = little_endian(static_cast<uint64_t>(event.size()));
  file_.append(length + little_endian(masked(crc32c(length))) + std::string(event) +
               little_endian(masked(crc32c(event))));
}

}  // namespace vit
