#include "vit/config/schema.hpp"

#include "config/sample_config.hpp"

#include <gtest/gtest.h>

#include <map>

namespace vit::config::sample {
namespace {

// What a forgotten member looks like; type_of<Forgetful>() would not compile.
struct Forgetful {
  double listed = 0;
  std::vector<Component<Optimizers>> forgotten;
  static constexpr auto describe() { return std::tuple{field<&Forgetful::listed>("Listed.")}; }
};
static_assert(!detail::kDescribesAllMembers<Forgetful>);
static_assert(detail::kDescribesAllMembers<RunConfig>);
static_assert(detail::kDescribesAllMembers<AdamConfig>);
static_assert(detail::arity<RunConfig>() == 17);

struct Nothing {
  static constexpr auto describe() { return std::tuple{}; }
};
static_assert(detail::kDescribesAllMembers<Nothing>);

struct Twice {
  double a = 0, b = 0;
  static constexpr auto describe() {
    return std::tuple{field<&Twice::a>("A."), field<&Twice::a>("A.")};
  }
};
static_assert(!detail::keys_differ<Twice>());
static_assert(detail::keys_differ<RunConfig>());

struct Keywords {
  int64_t class_ = 0;
  static constexpr auto describe() { return std::tuple{field<&Keywords::class_>("A key.")}; }
};

TEST(Schema, KeysAreSpeltByTheMembers) {
  std::vector<std::string> keys;
  for (const FieldInfo& info : type_of<BatchConfig>().fields) keys.emplace_back(info.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"examples", "accumulate"}));
  EXPECT_EQ(type_of<Keywords>().fields[0].key, "class");
  EXPECT_EQ(type_of<Nothing>().fields.size(), 0U);
}

TEST(Schema, FieldsReachTheirMembers) {
  RunConfig run;
  for (const FieldInfo& info : type_of<RunConfig>().fields) {
    if (info.key == "seed") *static_cast<int64_t*>(info.address(&run)) = 42;
    EXPECT_EQ(info.is_resumable, info.key == "tags" || info.key == "schedule") << info.key;
  }
  EXPECT_EQ(run.seed, 42);
}

}  // namespace
}  // namespace vit::config::sample
