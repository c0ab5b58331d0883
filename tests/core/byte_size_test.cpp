#include "vit/core/byte_size.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace vit {
namespace {

TEST(ParseBytes, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_bytes("4096"), 4096);
  EXPECT_EQ(parse_bytes("0"), 0);
  EXPECT_EQ(parse_bytes("12 b"), 12);
  EXPECT_EQ(parse_bytes("8 GiB"), int64_t{8} << 30);
  EXPECT_EQ(parse_bytes(" 64k "), 64 << 10);
  EXPECT_EQ(parse_bytes("1.5 TiB"), int64_t{3} << 39);
  EXPECT_EQ(parse_bytes("500MB"), 500'000'000);
  EXPECT_EQ(parse_bytes("2 pb"), 2'000'000'000'000'000);
}

TEST(ParseBytes, RefusesTheRest) {
  for (const char* text : {"", " ", "GiB", "8 Gigs", "8 GiBs", "-1 GiB", "1e3", "nan", "inf",
                           "10000000 PiB", "8 G iB", "8,5 GiB", "kib"}) {
    EXPECT_THROW(parse_bytes(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace vit
