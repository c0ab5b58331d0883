#include "vit/train/mix.hpp"

namespace vit {
namespace {

struct NoMixConfig {
  static constexpr auto describe() { return std::tuple{}; }
};

class NoMix final : public Mix {
 public:
  Batch operator()(const Batch& batch, const Random& /*random*/) const override { return batch; }
};

}  // namespace

void add_no_mix(Mixes::Catalog& mixes) {
  mixes.add<NoMixConfig>("none", "Images and labels stay as they are.",
                         [](const NoMixConfig&, int64_t) { return std::make_unique<NoMix>(); });
}

}  // namespace vit
