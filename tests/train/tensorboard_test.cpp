// TensorBoard event files: checksums, and every field read back.
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/train/observer.hpp"

#include "fake_run.hpp"
#include "support/temp_dir.hpp"
#include "train/observers/event_file.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <map>
#include <regex>

namespace vit {
namespace {

using test::at_step;
using test::some_evaluation;
using test::some_run;
using test::some_training;
using test::TempDir;

TEST(Crc32c, EqualsThePublishedValues) {  // RFC 3720, appendix B.4
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  EXPECT_EQ(crc32c(ascending), 0x46dd794eu);
}

// A reader of event files that shares no code with the writer, except crc32c, which is tested
// above.
struct Event {
  double wall_time = 0;
  int64_t step = 0;
  std::string file_version;
  std::map<std::string, float> values;
  int64_t session_status = 0;
};

template <class T>
T take(std::string_view& bytes) {
  T value;
  if (bytes.size() < sizeof value) throw std::runtime_error("the record ends early");
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

std::string_view take(std::string_view& bytes, uint64_t count) {
  if (bytes.size() < count) throw std::runtime_error("the record ends early");
  const auto result = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return result;
}

uint64_t take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = take<uint8_t>(bytes);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

uint32_t unmasked(uint32_t masked) {
  const uint32_t rotated = masked - 0xa282ead8u;
  return rotated << 15 | rotated >> 17;
}

std::pair<std::string, float> decode_value(std::string_view bytes) {
  std::pair<std::string, float> value;
  while (!bytes.empty()) {
    const uint64_t key = take_varint(bytes);
    if (key == (1 << 3 | 2))
      value.first = take(bytes, take_varint(bytes));
    else if (key == (2 << 3 | 5))
      value.second = take<float>(bytes);
    else
      throw std::runtime_error("unknown field in a value");
  }
  return value;
}

Event decode_event(std::string_view bytes) {
  Event event;
  while (!bytes.empty()) {
    switch (take_varint(bytes)) {
      case 1 << 3 | 1:
        event.wall_time = take<double>(bytes);
        break;
      case 2 << 3 | 0:
        event.step = static_cast<int64_t>(take_varint(bytes));
        break;
      case 3 << 3 | 2:
        event.file_version = take(bytes, take_varint(bytes));
        break;
      case 5 << 3 | 2: {
        auto summary = take(bytes, take_varint(bytes));
        while (!summary.empty()) {
          EXPECT_EQ(take_varint(summary), 1u << 3 | 2);
          event.values.insert(decode_value(take(summary, take_varint(summary))));
        }
        break;
      }
      case 7 << 3 | 2: {
        auto session = take(bytes, take_varint(bytes));
        EXPECT_EQ(take_varint(session), 1u << 3 | 0);
        event.session_status = static_cast<int64_t>(take_varint(session));
        break;
      }
      default:
        throw std::runtime_error("unknown field in an event");
    }
  }
  return event;
}

std::vector<Event> read_events(const fs::path& path) {
  const std::string content = read_text(path);
  std::vector<Event> events;
  for (std::string_view rest = content; !rest.empty();) {
    const std::string_view length_bytes = rest.substr(0, 8);
    const auto length = take<uint64_t>(rest);
    EXPECT_EQ(unmasked(take<uint32_t>(rest)), crc32c(length_bytes));
    const auto data = take(rest, length);
    EXPECT_EQ(unmasked(take<uint32_t>(rest)), crc32c(data));
    events.push_back(decode_event(data));
  }
  return events;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  return files;
}

TEST(Tensorboard, WritesScalarsThatReadBack) {
  static_assert(std::endian::native == std::endian::little, "the reader of this test copies bytes");
  const TempDir dir;
  const auto observer = tensorboard_observer(dir / "tb");
  observer->run_started(some_run());
  observer->stepped(some_training(50));
  observer->stepped(some_training(128));     // the first step of two bytes
  observer->stepped(some_training(100000));  // of three
  observer->evaluated(some_evaluation(468, "raw", 8124));
  observer->evaluated(some_evaluation(468, "average", 8200));
  const auto files = files_in(dir / "tb");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_TRUE(std::regex_match(files[0].filename().string(),
                               std::regex(R"(events\.out\.tfevents\.\d{10}\..+\.\d+)")))
      << files[0];
  const auto events = read_events(files[0]);
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  EXPECT_GT(events[0].wall_time, 1.7e9);
  EXPECT_EQ(events[1].step, 50);
  EXPECT_EQ(events[1].values, (std::map<std::string, float>{{"train/loss", 0.834f},
                                                            {"train/lr", 5.6e-4f},
                                                            {"train/grad_norm", 0.88f},
                                                            {"train/images_per_s", 1744.3f},
                                                            {"train/data_wait", 0.012f}}));
  EXPECT_EQ(events[2].step, 128);
  EXPECT_EQ(events[3].step, 100000);
  EXPECT_EQ(events[4].values,
            (std::map<std::string, float>{
                {"val/loss", 0.402f}, {"val/top1", 0.8124f}, {"val/top5", 0.995f}}));
  EXPECT_EQ(events[5].values.at("val_average/top1"), 0.82f);
}

TEST(Tensorboard, AResumedRunStartsAnotherFileAndSaysWhereItGoesOn) {
  const TempDir dir;
  tensorboard_observer(dir / "tb")->run_started(some_run());
  const auto before = files_in(dir / "tb").at(0);
  tensorboard_observer(dir / "tb")->run_started(some_run(468));
  const auto files = files_in(dir / "tb");
  ASSERT_EQ(files.size(), 2u);
  const auto events = read_events(files[0] == before ? files[1] : files[0]);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].session_status, 1);
  EXPECT_EQ(events[1].step, 469);
}

TEST(Tensorboard, AFolderThatCannotBeMadeIsADataError) {
  const TempDir dir;
  std::ofstream(dir / "tb") << "in the way";
  EXPECT_THROW(tensorboard_observer(dir / "tb"), DataError);
}

}  // namespace
}  // namespace vit
