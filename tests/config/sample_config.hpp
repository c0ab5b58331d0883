// A configuration with every kind of member, and the catalogues behind it, for the tests of the
// engine.
#pragma once

#include "vit/config/component.hpp"
#include "vit/config/reader.hpp"
#include "vit/config/reference.hpp"
#include "vit/config/writer.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vit::config::sample {

struct Optimizer {
  virtual ~Optimizer() = default;
  std::string made_by;
  double number = 0;
};

struct AdamConfig {
  double beta1 = 0.9, beta2 = 0.999;
  double weight_decay = 0.1;

  static constexpr auto describe() {
    return std::tuple{field<&AdamConfig::beta1>("Decay of the first moment.", in_range(0.0, 1.0)),
                      field<&AdamConfig::beta2>("Decay of the second moment.", in_range(0.0, 1.0)),
                      field<&AdamConfig::weight_decay>("Decoupled weight decay.", at_least(0.0))};
  }
  void check(Problems& p) const { p.require(beta1 < beta2, "beta1", "must be below beta2"); }
};

struct SgdConfig {
  double momentum = 0.9;
  bool nesterov = false;

  static constexpr auto describe() {
    return std::tuple{field<&SgdConfig::momentum>("Momentum.", in_range(0.0, 1.0)),
                      field<&SgdConfig::nesterov>("Look ahead.")};
  }
};

struct Optimizers {
  using Catalog = config::Catalog<Optimizer, int, const std::string&>;
  static const Catalog& catalog();
};

inline const Optimizers::Catalog& Optimizers::catalog() {
  static const Catalog all = [] {
    const auto build_adam = [](const AdamConfig& c, int n, const std::string& text) {
      auto optimizer = std::make_unique<Optimizer>();
      optimizer->made_by = "adam " + text;
      optimizer->number = c.beta1 + n;
      return optimizer;
    };
    const auto build_sgd = [](const SgdConfig& c, int n, const std::string& text) {
      auto optimizer = std::make_unique<Optimizer>();
      optimizer->made_by = "sgd " + text;
      optimizer->number = c.momentum + n;
      return optimizer;
    };
    Catalog c("optimizer");
    c.add<AdamConfig>("adam", "Adam with decoupled decay.", build_adam)
        .alias("adamw")
        .preset("adam_strong", {.weight_decay = 0.3}, "For small data.")
        .alias("Adam/S");
    c.add<SgdConfig>("sgd", "Momentum SGD.", build_sgd);
    return c;
  }();
  return all;
}

// Sections with keys of their own beside the entry's.
struct ScheduleCommon {
  double lr = 1e-3;
  Duration warmup = Duration::steps(0);

  static constexpr auto describe() {
    return std::tuple{field<&ScheduleCommon::lr>("Peak rate.", positive),
                      field<&ScheduleCommon::warmup>("Linear from 0.")};
  }
  void check(Problems& p) const { p.require(lr < 100, "lr", "is not a learning rate"); }
};
struct LinearConfig {
  double end = 1e-5;
  static constexpr auto describe() {
    return std::tuple{field<&LinearConfig::end>("Last rate.", non_negative)};
  }
};
struct CosineConfig {
  int64_t cycles = 1;
  static constexpr auto describe() {
    return std::tuple{field<&CosineConfig::cycles>("Half waves.", positive)};
  }
};
struct Schedule {
  virtual ~Schedule() = default;
};
struct Schedules {
  using Catalog = config::Catalog<Schedule>;
  using Common = ScheduleCommon;
  static const Catalog& catalog();
};
inline const Schedules::Catalog& Schedules::catalog() {
  static const Catalog all = [] {
    Catalog c("schedule");
    c.add<LinearConfig>("linear", "A straight line.",
                        [](const LinearConfig&) { return std::make_unique<Schedule>(); });
    c.add<CosineConfig>("cosine", "Half a cosine.",
                        [](const CosineConfig&) { return std::make_unique<Schedule>(); });
    return c;
  }();
  return all;
}

// A catalogue whose entries hold sections of the same kind.
struct Transform {
  virtual ~Transform() = default;
};
struct Transforms {
  using Catalog = config::Catalog<Transform>;
  static const Catalog& catalog();
};
struct CropConfig {
  Extent size = square(224);
  std::vector<double> scale = {0.08, 1.0};
  static constexpr auto describe() {
    return std::tuple{field<&CropConfig::size>("Result in pixels.", positive),
                      field<&CropConfig::scale>("Share of the area.", in_range(0.0, 1.0))};
  }
};
struct FlipConfig {
  double probability = 0.5;
  static constexpr auto describe() {
    return std::tuple{field<&FlipConfig::probability>("How often.", in_range(0.0, 1.0))};
  }
};
struct OneOfConfig {
  std::vector<Component<Transforms>> transforms = {"flip", "crop"};
  static constexpr auto describe() {
    return std::tuple{field<&OneOfConfig::transforms>("One of them is applied.", not_empty)};
  }
};
inline const Transforms::Catalog& Transforms::catalog() {
  static const Catalog all = [] {
    Catalog c("transform");
    c.add<CropConfig>("crop", "Random crop.",
                      [](const CropConfig&) { return std::make_unique<Transform>(); });
    c.add<FlipConfig>("flip", "Mirror.",
                      [](const FlipConfig&) { return std::make_unique<Transform>(); });
    c.add<OneOfConfig>("one_of", "A random one of several.",
                       [](const OneOfConfig&) { return std::make_unique<Transform>(); });
    return c;
  }();
  return all;
}

enum class Precision { kFp32, kBf16 };
constexpr auto enum_names(Precision) {
  return std::array{std::pair{"fp32", Precision::kFp32}, std::pair{"bf16", Precision::kBf16}};
}

struct BatchConfig {
  int64_t examples = 128;
  std::optional<int64_t> accumulate;
  static constexpr auto describe() {
    return std::tuple{field<&BatchConfig::examples>("Images a step.", positive),
                      field<&BatchConfig::accumulate>("Parts; null: automatic.", positive)};
  }
  void check(Problems& p) const {
    p.require(!accumulate || examples % *accumulate == 0, "accumulate", "must divide examples");
  }
};

struct InputConfig {
  enum class Resize { kShorter, kSquash, kNone };
  friend constexpr auto enum_names(Resize) {
    return std::array{std::pair{"shorter", Resize::kShorter}, std::pair{"squash", Resize::kSquash},
                      std::pair{"none", Resize::kNone}};
  }
  std::vector<double> mean = {0.5, 0.5, 0.5};
  Resize resize = Resize::kShorter;
  static constexpr auto describe() {
    return std::tuple{field<&InputConfig::mean>("Per channel.", not_empty),
                      field<&InputConfig::resize>("How.")};
  }
};

struct RuleConfig {
  std::string match;
  double decay = 1.0;
  bool frozen = false;
  static constexpr auto describe() {
    return std::tuple{field<&RuleConfig::match>("Regular expression.", not_empty),
                      field<&RuleConfig::decay>("Factor.", non_negative),
                      field<&RuleConfig::frozen>("Not trained.")};
  }
};

struct RunConfig {
  int64_t seed = 0;
  std::string device = "auto";
  Precision precision = Precision::kFp32;
  Duration steps = Duration::epochs(3);
  Extent image = square(224);
  BatchConfig batch;
  std::filesystem::path root;
  InputConfig input;
  std::vector<Component<Transforms>> augment = {"crop"};
  std::vector<RuleConfig> parameters;
  std::vector<std::string> tags;
  std::vector<Duration> pauses;
  Component<Optimizers> optimizer{"adam"};
  Component<Schedules> schedule{"linear"};
  std::optional<double> clip = 1.0;
  std::optional<RuleConfig> extra_rule;
  std::string cache = "none";

  static constexpr auto describe() {
    return std::tuple{field<&RunConfig::seed>("Of everything random."),
                      field<&RunConfig::device>("auto, cpu or cuda."),
                      field<&RunConfig::precision>("Of the arithmetic."),
                      field<&RunConfig::steps>("Length of the run.", positive),
                      field<&RunConfig::image>("Size.", positive),
                      field<&RunConfig::batch>("What one step sees."),
                      field<&RunConfig::root>("A folder."),
                      field<&RunConfig::input>("What the model expects."),
                      field<&RunConfig::augment>("Applied in order."),
                      field<&RunConfig::parameters>("Rules; the first that matches."),
                      field<&RunConfig::tags>("Words.").resumable(),
                      field<&RunConfig::pauses>("Durations."),
                      field<&RunConfig::optimizer>("How weights are updated."),
                      field<&RunConfig::schedule>("Learning rate.").resumable(),
                      field<&RunConfig::clip>("Largest norm; null: off.", positive),
                      field<&RunConfig::extra_rule>("One more."),
                      field<&RunConfig::cache>("Where.", one_of("none", "ram", "disk"))};
  }
};

// GCC 12 warns without reason where an unnamed RunConfig{} is made within an expression.
inline const RunConfig& defaults() {
  static const RunConfig run;
  return run;
}

inline RunConfig read_text(const std::string& text, const std::vector<std::string>& sets = {}) {
  Document document = Document::from_text(text, "my.yaml");
  for (const std::string& assignment : sets) document.set(assignment);
  return read<RunConfig>(document);
}

// The text of the error that reading gives, "" when there is none.
inline std::string errors_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  try {
    read_text(text, sets);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace vit::config::sample
