// mixup, CutMix and the choice between them, as published:
// - timm's Mixup class (data/mixup.py; DeiT's training: mixup_or_cutmix as it is by default), but
//   for its cutmix_minmax;
// - big_vision's mixup (utils.py, get_mixup), with which AugReg trains: partner roll;
// - BiT's mixup of 0.1: its random partner is one of any other rule, for batches are shuffled.
#include "vit/train/mix.hpp"

#include "blend.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <vector>

namespace vit {
namespace {

enum class Per { kBatch, kPair, kElement };
constexpr auto enum_names(Per) {
  return std::array{std::pair{"batch", Per::kBatch}, std::pair{"pair", Per::kPair},
                    std::pair{"element", Per::kElement}};
}

enum class Partner { kFlip, kRoll };
constexpr auto enum_names(Partner) {
  return std::array{std::pair{"flip", Partner::kFlip}, std::pair{"roll", Partner::kRoll}};
}

// Of the two parameters of the distribution, which are equal.
constexpr config::Check kAlpha = config::in_range(0.001, 1000.0);
constexpr config::Check kProbability = config::in_range(0.0, 1.0);

struct MixupConfig {
  double alpha = 0.2;
  double probability = 1;
  Per per = Per::kBatch;
  Partner partner = Partner::kFlip;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&MixupConfig::alpha>("Weights come from Beta(alpha, alpha).", kAlpha),
        field<&MixupConfig::probability>("How often there is mixing.", kProbability),
        field<&MixupConfig::per>(
            "What is drawn anew: for each batch (each part of an accumulated one), for each pair "
            "of partners, or for each image."),
        field<&MixupConfig::partner>(
            "flip: first with last, and so on inwards (timm); roll: each with the one before it, "
            "which gets the smaller weight (big_vision). With data.repeats take flip: the one "
            "before is often the same picture.")};
  }
  void check(config::Problems& problems) const {
    problems.require(per != Per::kPair || partner == Partner::kFlip, "per",
                     "can only be pair with partner: flip");
  }
};

struct CutmixConfig {
  double alpha = 1;
  double probability = 1;
  Per per = Per::kBatch;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&CutmixConfig::alpha>(
            "The box's part of the area, before the border cuts it off, comes from Beta(alpha, "
            "alpha).",
            kAlpha),
        field<&CutmixConfig::probability>("How often there is mixing.", kProbability),
        field<&CutmixConfig::per>(
            "What is drawn anew: for each batch (each part of an accumulated one), for each pair "
            "of partners, or for each image.")};
  }
};

struct MixupOrCutmixConfig {
  double mixup = 0.8;
  double cutmix = 1;
  double switch_probability = 0.5;
  double probability = 1;
  Per per = Per::kBatch;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&MixupOrCutmixConfig::mixup>("alpha of mixup.", kAlpha),
        field<&MixupOrCutmixConfig::cutmix>("alpha of CutMix.", kAlpha),
        field<&MixupOrCutmixConfig::switch_probability>("How often mixing is CutMix.",
                                                        kProbability),
        field<&MixupOrCutmixConfig::probability>("How often there is mixing.", kProbability),
        field<&MixupOrCutmixConfig::per>(
            "What is drawn anew, the choice too: for each batch (each part of an accumulated "
            "one), for each pair of partners, or for each image.")};
  }
};

// All three entries: mixup alone never switches, CutMix alone always.
struct Rule {
  double mixup_alpha = 1, cutmix_alpha = 1;
  double switch_probability = 0, probability = 1;
  Per per = Per::kBatch;
  Partner partner = Partner::kFlip;
};

class MixupCutmix final : public Mix {
 public:
  MixupCutmix(const Rule& rule, int64_t classes) : rule_(rule), classes_(classes) {}

  // With flip, the middle one of an odd number is its own partner and stays as it is.
  Batch operator()(const Batch& batch, const Random& random) const override {
    const Extent image{batch.images.size(2), batch.images.size(3)};
    const int64_t size = batch.size(), draws = rule_.per == Per::kBatch ? 1 : size;
    std::vector<Blend> blends;
    for (int64_t i = 0; i < draws; ++i) {
      const int64_t key = rule_.per == Per::kPair ? std::min(i, size - 1 - i) : i;
      blends.push_back(draw(image, random.at(static_cast<uint64_t>(key))));
    }
    Batch partners;
    partners.images = partners_of(batch.images);
    partners.targets = partners_of(batch.targets);
    return blended(batch, partners, blends, classes_);
  }

 private:
  at::Tensor partners_of(const at::Tensor& rows) const {
    return rule_.partner == Partner::kFlip ? rows.flip(0) : rows.roll(1, 0);
  }

  Blend draw(Extent image, Random random) const {
    if (!random.chance(rule_.probability)) return {};
    if (random.chance(rule_.switch_probability)) {
      const double lambda = random.beta(rule_.cutmix_alpha, rule_.cutmix_alpha);
      const int64_t y = random.below(image.height), x = random.below(image.width);
      return cutmix_blend(lambda, y, x, image);
    }
    const double lambda = random.beta(rule_.mixup_alpha, rule_.mixup_alpha);
    return mixup_blend(rule_.partner == Partner::kRoll ? std::max(lambda, 1 - lambda) : lambda,
                       image);
  }

  Rule rule_;
  int64_t classes_;
};

std::unique_ptr<Mix> build_mixup(const MixupConfig& c, int64_t classes) {
  return std::make_unique<MixupCutmix>(Rule{.mixup_alpha = c.alpha,
                                            .switch_probability = 0,
                                            .probability = c.probability,
                                            .per = c.per,
                                            .partner = c.partner},
                                       classes);
}

std::unique_ptr<Mix> build_cutmix(const CutmixConfig& c, int64_t classes) {
  return std::make_unique<MixupCutmix>(Rule{.cutmix_alpha = c.alpha,
                                            .switch_probability = 1,
                                            .probability = c.probability,
                                            .per = c.per},
                                       classes);
}

std::unique_ptr<Mix> build_mixup_or_cutmix(const MixupOrCutmixConfig& c, int64_t classes) {
  return std::make_unique<MixupCutmix>(Rule{.mixup_alpha = c.mixup,
                                            .cutmix_alpha = c.cutmix,
                                            .switch_probability = c.switch_probability,
                                            .probability = c.probability,
                                            .per = c.per},
                                       classes);
}

}  // namespace

void add_mixup(Mixes::Catalog& mixes) {
  mixes.add<MixupConfig>("mixup", "Weighted means of two images (Zhang et al. 2018).", build_mixup);
}

void add_cutmix(Mixes::Catalog& mixes) {
  mixes.add<CutmixConfig>("cutmix", "A box of another image in its place (Yun et al. 2019).",
                          build_cutmix);
}

void add_mixup_or_cutmix(Mixes::Catalog& mixes) {
  mixes.add<MixupOrCutmixConfig>("mixup_or_cutmix",
                                 "One or the other, drawn each time; the defaults are DeiT's.",
                                 build_mixup_or_cutmix);
}

}  // namespace vit
