// Whole training runs against PyTorch and Optax: model, loss, clipping, optimizer, schedule and
// averages together, twenty steps without augmentation or dropout. The settings come from each
// file's metadata.
#include "vit/config/reader.hpp"
#include "vit/models/model.hpp"
#include "vit/optim/averaging.hpp"
#include "vit/optim/clip.hpp"
#include "vit/optim/loss.hpp"
#include "vit/optim/optimizer.hpp"
#include "vit/optim/parameter_policy.hpp"
#include "vit/optim/schedule.hpp"
#include "vit/runtime/flat_parameters.hpp"
#include "vit/runtime/normalize.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "support/golden.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>

namespace vit {
namespace {

using Json = nlohmann::json;

// The parts of a run, as a user's file would choose them.
struct TraceConfig {
  ModelSection model{"vit"};
  LossSection loss{"softmax"};
  OptimizerSection optimizer{"sgd"};
  ScheduleSection schedule{"cosine"};
  std::vector<ParameterRule> parameters;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&TraceConfig::model>("Model."), field<&TraceConfig::loss>("Loss."),
                      field<&TraceConfig::optimizer>("Optimizer."),
                      field<&TraceConfig::schedule>("Schedule."),
                      field<&TraceConfig::parameters>("Parameter policy.")};
  }
};

std::string number(const Json& value) { return value.dump(); }

// "cosine, peak 1" -> "cosine"
std::string first_word(const std::string& text) { return text.substr(0, text.find_first_of(", ")); }

// Files name the channels as they are, with the width factor in them.
std::string resnet_keys(const Json& run) {
  const double width = run.at("width_factor");
  std::vector<int64_t> channels;
  for (const Json& stage : run.at("channels")) {
    channels.push_back(static_cast<int64_t>(stage.get<double>() / width));
  }
  const bool is_v2 = run.at("model").get<std::string>().ends_with("V2");
  const bool is_timm = run.at("conv_eps") == "1e-8 inside sqrt";
  return fmt::format(
      "name: bit, image: {}, layers: {}, channels: [{}], width: {}, unit: {}, numerics: {}",
      number(run.at("image")), run.at("layers").dump(), fmt::join(channels, ", "), width,
      is_v2 ? "preactivation" : "postactivation", is_timm ? "timm" : "jax");
}

std::string model_keys(const Json& run) {
  const std::string kind = run.at("model");
  if (kind.starts_with("BiT")) return resnet_keys(run);
  std::string keys = fmt::format("name: vit, pooling: {}, norm_eps: {}",
                                 kind.find("class token") != kind.npos ? "token" : "mean",
                                 number(run.at("layer_norm_eps")));
  for (const char* key :
       {"image", "patch", "width", "depth", "heads", "mlp", "gelu", "representation_size"}) {
    if (run.contains(key)) {
      keys += fmt::format(", {}: {}", key,
                          run[key].is_string() ? run[key].get<std::string>() : number(run[key]));
    }
  }
  return keys;
}

std::string optimizer_keys(const Json& run) {
  const Json& hyper = run.at("hyper");
  const std::string name = first_word(run.at("optimizer"));
  if (name == "sgd") {
    return fmt::format(
        "name: sgd, momentum: {}, nesterov: {}, momentum_dtype: {}, weight_decay: {}",
        number(hyper.at("momentum")), number(hyper.value("nesterov", Json(false))),
        hyper.value("accumulator_dtype", "float32"),
        number(hyper.value("weight_decay", Json(0.0))));
  }
  const bool is_big_vision = hyper.contains("mu_dtype");
  if (is_big_vision) {
    return fmt::format(
        "name: adam, beta1: {}, beta2: {}, eps: {}, moment_dtype: {}, weight_decay: {}",
        number(hyper.at("b1")), number(hyper.at("b2")), number(hyper.at("eps")),
        hyper.at("mu_dtype").get<std::string>(), number(hyper.at("equivalent_adamw_weight_decay")));
  }
  return fmt::format("name: adam, beta1: {}, beta2: {}, eps: {}, weight_decay: {}, decay_mode: {}",
                     number(hyper.at("betas").at(0)), number(hyper.at("betas").at(1)),
                     number(hyper.at("eps")), number(hyper.at("weight_decay")),
                     name == "adam" ? "l2" : "decoupled");
}

std::string schedule_keys(const Json& run) {
  const Json& schedule = run.at("schedule");
  std::string keys =
      fmt::format("name: {}, lr: {}, warmup: {} steps", first_word(schedule.at("kind")),
                  number(schedule.contains("base") ? schedule["base"] : run.at("hyper").at("lr")),
                  number(schedule.value("warmup", Json(0))));
  if (schedule.contains("end")) keys += fmt::format(", end: {}", number(schedule["end"]));
  return keys;
}

TraceConfig read_config(const Json& run) {
  std::string text = fmt::format("model: {{{}}}\noptimizer: {{{}}}\nschedule: {{{}}}\n",
                                 model_keys(run), optimizer_keys(run), schedule_keys(run));
  text +=
      fmt::format("loss: {{name: {}, label_smoothing: {}}}\n", run.at("loss").get<std::string>(),
                  number(run.value("label_smoothing", Json(0.0))));
  if (run.at("hyper").contains("wd_mask")) {  // decay on kernels only
    text += "parameters: [{match: 'bias$|norm|pos_embed|cls_token', decay: 0}]\n";
  }
  return config::read<TraceConfig>(config::Document::from_text(text, "the trace's settings"));
}

// Largest absolute differences.
double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

struct Tolerance {
  double loss, grad_norm, weights;
};
Tolerance tolerance_of(const Json& run) {
  const Json& hyper = run.at("hyper");
  const bool is_rounded = hyper.value("mu_dtype", "float32") == "bfloat16" ||
                          hyper.value("accumulator_dtype", "float32") == "bfloat16";
  const bool is_sgd = run.at("optimizer") == "sgd";
  const bool is_bit = run.at("model").get<std::string>().starts_with("BiT");
  if (is_bit && is_sgd) return {.loss = 2e-5, .grad_norm = 1e-4, .weights = 1e-4};
  // Adam turns the rounding noise of small gradients behind group norms into steps.
  if (is_bit) return {.loss = 1e-3, .grad_norm = 1e-3, .weights = 1e-2};
  if (is_rounded) return {.loss = 2e-4, .grad_norm = 1e-3, .weights = 2e-4};
  return {.loss = 2e-5, .grad_norm = 1e-4, .weights = is_sgd ? 5e-5 : 2e-4};
}

struct TraceAverage {
  AverageSection average{"ema"};
  static constexpr auto describe() {
    return std::tuple{config::field<&TraceAverage::average>("Average.")};
  }
};

class Trace {
 public:
  explicit Trace(const std::filesystem::path& path)
      : file_(path),
        run_(Json::parse(file_.metadata().at("json"))),
        data_(test::golden_dir() / run_.at("data").get<std::string>()),
        config_(read_config(run_)),
        model_(config_.model.build({.classes = run_.at("classes")})),
        flat_(with_start_values(), apply_policy(config_.parameters, model_->parameters())),
        optimizer_(config_.optimizer.build(flat_)),
        loss_(config_.loss.build()),
        schedule_(
            build_schedule(config_.schedule, {.total_steps = run_.at("schedule").at("total")})) {
    for (const std::string& name : file_.names()) {
      const std::string group = name.substr(0, name.find('/'));
      if (group.starts_with("ema_") && !averages_.contains(group)) {
        const TraceAverage section = config::read<TraceAverage>(config::Document::from_text(
            fmt::format("average: {{name: ema, decay: {}}}\n", group.substr(4)), "average"));
        averages_[group] = section.average.build(flat_);
      }
    }
  }

  void run() {
    const Tolerance allowed = tolerance_of(run_);
    const at::Tensor losses = file_.tensor("loss"), norms = file_.tensor("grad_norm"),
                     rates = file_.tensor("lr");
    double loss_error = 0, norm_error = 0;
    for (int64_t step = 0; step < run_.at("steps").get<int64_t>(); ++step) {
      SCOPED_TRACE(fmt::format("step {}", step));
      const auto [loss, norm, rate] = train_step(step);
      const double want_norm = norms[step].item<double>(), want_rate = rates[step].item<double>();
      EXPECT_NEAR(loss, losses[step].item<double>(), allowed.loss);
      EXPECT_NEAR(norm, want_norm, allowed.grad_norm * want_norm);
      EXPECT_NEAR(rate, want_rate, 1e-6 * want_rate + 1e-9);
      loss_error = std::max(loss_error, std::abs(loss - losses[step].item<double>()));
      norm_error = std::max(norm_error, std::abs(norm / want_norm - 1));
    }
    report("loss", loss_error);
    report("grad_norm", norm_error);
    compare("final/", flat_.views_of(flat_.values()), allowed.weights);
    for (const auto& [name, average] : averages_) {
      compare(name + "/", flat_.views_of(*average->values()), allowed.weights);
    }
    compare_state("opt/adam_m/", "exp_avg/", allowed.weights);
    compare_state("opt/adam_v/", "exp_avg_sq/", allowed.weights);
    compare_state("opt/momentum/", "momentum/", allowed.weights);
  }

 private:
  struct Measured {
    double loss, norm, rate;
  };

  const NamedTensors& with_start_values() {
    for (const auto& [name, tensor] : model_->parameters()) {
      tensor.detach().copy_(data_.tensor("init/" + name));
    }
    return model_->parameters();
  }

  // The update of the program, in miniature.
  Measured train_step(int64_t step) {
    constexpr double kHalf[] = {0.5};  // (u8 - 127.5) / 127.5
    const at::Tensor images =
        normalize_images(data_.tensor("images_u8")[step], kHalf, kHalf, at::kFloat);
    const at::Tensor labels = data_.tensor("labels")[step];
    const int64_t chunks = run_.at("hyper").value("accum_steps", 1), size = images.size(0) / chunks;
    const at::Tensor skip = at::zeros({});
    double total = 0;
    flat_.zero_grad();
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const at::Tensor logits = model_->forward(images.narrow(0, chunk * size, size), Mode::kTrain);
      const at::Tensor loss =
          (*loss_)(logits, labels.narrow(0, chunk * size, size)) / static_cast<double>(chunks);
      loss.backward();
      total += loss.item<double>();
    }
    const at::Tensor norm = clip_by_norm_(flat_.grads(), run_.at("clip_global_norm"));
    const double rate = schedule_->lr(step);
    optimizer_->step(flat_, rate, skip);
    for (auto& [name, average] : averages_) average->update(flat_, step, skip);
    return {total, norm.item<double>(), rate};
  }

  void compare(const std::string& prefix, const NamedTensors& ours, double allowed) {
    const bool is_adam = run_.at("optimizer") != "sgd";
    double error = 0;
    for (const auto& [name, tensor] : ours) {
      at::Tensor got = tensor.to(at::kFloat), want = file_.tensor(prefix + name);
      if (is_adam && name.ends_with("attn.qkv.bias")) {
        // The keys' bias has no effect and a gradient of zero; Adam turns its rounding noise into
        // steps.
        const int64_t width = got.size(0) / 3;
        got = at::cat({got.narrow(0, 0, width), got.narrow(0, 2 * width, width)});
        want = at::cat({want.narrow(0, 0, width), want.narrow(0, 2 * width, width)});
      }
      // A rounded state may differ by one unit of its last place, 2^-7 of the value.
      const bool is_rounded = tensor.scalar_type() == at::kBFloat16;
      const at::Tensor gap = (got - want).abs() - (is_rounded ? want.abs() / 128 : at::zeros({}));
      EXPECT_LE(gap.max().item<double>(), allowed) << prefix << name;
      error = std::max(error, difference(got, want));
    }
    report(prefix.substr(0, prefix.size() - 1), error);
  }

  void compare_state(const std::string& golden, const std::string& prefix, double allowed) {
    NamedTensors state;
    for (const auto& [name, tensor] : optimizer_->state(flat_)) {
      const bool is_stored =
          name.starts_with(prefix) && file_.contains(golden + name.substr(prefix.size()));
      if (is_stored) state.push_back({name.substr(prefix.size()), tensor});
    }
    if (!state.empty()) compare(golden, state, allowed);
  }

  void report(const std::string& what, double error) const {
    std::string key = file_.path().stem().string() + "." + what;
    std::ranges::replace(key, '/', '.');
    testing::Test::RecordProperty(key, fmt::format("{:.1e}", error));
  }

  TensorFile file_;
  Json run_;
  TensorFile data_;
  TraceConfig config_;
  std::unique_ptr<Model> model_;
  FlatParameters flat_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Schedule> schedule_;
  std::map<std::string, std::unique_ptr<Averaging>> averages_;
};

// Runs of models of this family; the folder also holds the inputs they share.
bool is_run_of(const std::filesystem::path& path, const std::string& family) {
  const TensorFile file(path);
  const auto text = file.metadata().find("json");
  if (text == file.metadata().end()) return false;
  const Json run = Json::parse(text->second);
  return run.contains("data") && run.value("model", "").starts_with(family);
}

void follow_traces_of(const std::string& family) {
  size_t runs = 0;
  for (const auto& path : test::golden_files("train", "", ".safetensors")) {
    if (!is_run_of(path, family)) continue;
    SCOPED_TRACE(path.filename().string());
    Trace(path).run();
    ++runs;
  }
  EXPECT_GT(runs, 0u);
}

TEST(GoldenTraces, vit) { follow_traces_of("ViT"); }

TEST(GoldenTraces, bit) { follow_traces_of("BiT"); }

}  // namespace
}  // namespace vit
