#include "vit/train/hyperrule_layer.hpp"

#include "vit/core/text.hpp"
#include "vit/optim/hyperrule.hpp"
#include "vit/train/run_config.hpp"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <vector>

namespace vit {
namespace {

// That of the middle one by area, of a sample spread over the set.
Extent typical_size(const Dataset& images, OnError on_error) {
  constexpr int64_t kSample = 31;
  const int64_t count = std::min(kSample, images.size());
  std::vector<Extent> sizes;
  for (int64_t i = 0; i < count; ++i) {
    try {
      sizes.push_back(images.image(i * images.size() / count).extent());
    } catch (const UnreadablePicture&) {
      const bool is_last_chance = i + 1 == count && sizes.empty();
      if (on_error == OnError::kFail || is_last_chance) throw;
    }
  }
  const auto middle = sizes.begin() + static_cast<ptrdiff_t>(sizes.size() / 2);
  std::ranges::nth_element(sizes, middle, {}, &Extent::area);
  return *middle;
}

}  // namespace

std::string hyperrule_layer(const config::Document& document) {
  const RunConfig config = read_run_config(document);
  if (config.schedule.name() != "bit_hyperrule") return "";
  const DataCommon& data = config.data.common();
  const auto source = config.data.build();
  const auto images =
      open_training_split(*source, resolve_splits(*source, data.train, data.val).train, data);

  const HyperRule rule = bit_hyperrule(images->size());
  const Extent size = typical_size(*images, data.on_error);
  const HyperRuleSides sides = bit_hyperrule_sides(size);
  spdlog::info("BiT-HyperRule: {} training images of about {}: {} steps, {} px out of {}",
               grouped(images->size()), to_string(size), rule.steps(), sides.crop, sides.resize);
  const std::string mix =
      rule.mixup > 0 ? fmt::format("mix: {{name: mixup, alpha: {}}}\n", rule.mixup) : "";
  return mix + fmt::format(
                   "steps: {} steps\nmodel: {{image: {}}}\n"
                   "augment: [{{name: resize, size: {}}}, {{name: random_crop}}, {{name: flip}}]\n",
                   rule.steps(), sides.crop, sides.resize);
}

}  // namespace vit
