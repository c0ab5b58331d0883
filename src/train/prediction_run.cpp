#include "vit/train/prediction_run.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/log.hpp"
#include "vit/core/text.hpp"
#include "vit/data/loose_images.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "class_names.hpp"
#include "image_pass.hpp"
#include "inside/attention.hpp"
#include "inside/pictures.hpp"
#include "predictions.hpp"
#include "screen_text.hpp"
#include "short_names.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace vit {
namespace {

// How many classes an image is shown with.
int64_t top_of(const PredictionRequest& request, int64_t classes) {
  constexpr int64_t kUsual = 5;
  if (!request.top) return std::min(kUsual, classes);
  if (*request.top >= 1 && *request.top <= classes) return *request.top;
  throw ConfigError(
      fmt::format("--top {}: the model tells {} classes apart\ngive a number from 1 to {}",
                  *request.top, classes, classes));
}

// Draws where the network looks, batch by batch.
class AttentionPictures {
 public:
  AttentionPictures(fs::path folder, const Subject& subject, const ForgivingDataset& images,
                    const Pipeline& pipeline)
      : folder_(std::move(folder)),
        images_(images),
        pipeline_(pipeline),
        places_(places_in(subject)),
        reader_(places_) {
    make_folder(folder_);
    std::vector<std::string> names;
    for (int64_t i = 0; i < images.size(); ++i) names.push_back(images.name(i));
    files_ = file_names(short_names(names));
    if (places_.viewer == Viewer::kPatches) {
      spdlog::info("the head of '{}' reads no class token: shown is where its patches look",
                   subject.config.model.name());
    }
  }

  Taps* taps() { return &reader_; }
  void start() { reader_.start(); }

  void draw(int64_t first) const {
    const at::Tensor masks = reader_.rollout().cpu();  // [B, h, w]
    for (int64_t i = 0; i < masks.size(0); ++i) {
      const int64_t index = first + i;
      if (images_.failed(index)) continue;
      const Seen seen = as_seen(pipeline_.apply(images_.picture(index), Random(0)), places_);
      write_png(folder_ / (files_[static_cast<size_t>(index)] + ".png"),
                rollout_picture(seen, masks[i]));
    }
  }

 private:
  static TokenPlaces places_in(const Subject& subject) {
    const auto* vit = subject.config.model.as<VitConfig>();
    if (vit != nullptr && vit->depth > 0) return places_of(*vit);
    throw ConfigError("model '" + subject.config.model.name() +
                      "' has no attention to show\nleave --attention out");
  }

  fs::path folder_;
  const ForgivingDataset& images_;
  const Pipeline& pipeline_;
  TokenPlaces places_;
  AttentionReader reader_;
  std::vector<std::string> files_;
};

// What came out, image by image.
class Findings {
 public:
  Findings(const PredictionRequest& request, const ForgivingDataset& images, ClassNames classes,
           int64_t top)
      : request_(request), images_(images), classes_(std::move(classes)), top_(top) {
    if (request.format == PredictionFormat::kCsv) fmt::print("{}", csv_header());
  }

  void add(int64_t first, const at::Tensor& logits) {
    std::vector<std::vector<Guess>> guesses = likeliest(logits, top_);
    for (int64_t i = 0; i < logits.size(0); ++i) {
      if (images_.failed(first + i)) continue;
      ImageGuesses image{images_.name(first + i), std::move(guesses[static_cast<size_t>(i)])};
      if (!request_.logits.empty()) {
        files_.push_back(image.file);
        logits_.push_back(logits[i]);
      }
      if (request_.format == PredictionFormat::kCsv) fmt::print("{}", csv_lines(image, classes_));
      if (request_.format == PredictionFormat::kJsonLines)
        fmt::print("{}", json_line(image, classes_));
      if (request_.format == PredictionFormat::kTable) for_table_.push_back(std::move(image));
      ++count_;
    }
    std::fflush(stdout);  // who reads along gets whole batches
  }

  void finish(const Subject& subject) const {
    if (count_ == 0) return;
    if (request_.format == PredictionFormat::kTable) {
      const std::string what = fmt::format("{} image{}", grouped(count_), count_ == 1 ? "" : "s");
      fmt::print("{}", for_screen(fmt::format("  {}\n", title_of(subject, what))));
      fmt::print("{}", guesses_table(for_table_, classes_));
    }
    if (request_.logits.empty()) return;
    const nlohmann::json files = files_;
    write_tensor_file(
        request_.logits, {{"logits", at::stack(logits_)}},
        {{"files", files.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
         {"model", subject.config.model.name()}});
  }

 private:
  const PredictionRequest& request_;
  const ForgivingDataset& images_;
  ClassNames classes_;
  int64_t top_;
  int64_t count_ = 0;
  std::vector<ImageGuesses> for_table_;
  std::vector<std::string> files_;
  std::vector<at::Tensor> logits_;  // a row an image
};

void say_what_numbers_mean(const Subject& subject) {
  if (subject.config.loss.name() == "sigmoid") {
    spdlog::info(
        "trained with the sigmoid loss: the percentages compare classes with each other (softmax); "
        "they do not say whether any of them is there");
  }
}

}  // namespace

void run_prediction(const PredictionRequest& request) {
  if (request.images.empty())
    throw ConfigError("vit-predict needs images\ngive files or folders after the options");
  require_folder_of(request.logits);
  auto found = open_images(request.images);
  const Subject subject = open_subject(request);
  require_head(subject);
  const int64_t classes = subject.model->classes();
  const int64_t top = top_of(request, classes);
  ClassNames names =
      request.labels.empty() ? subject.source.classes : read_class_names(request.labels, classes);
  const Pipeline pipeline = viewing_pipeline(subject);
  const ForgivingDataset images(std::move(found), subject.config.data.common().exif_orientation,
                                pipeline.result());
  std::optional<AttentionPictures> attention;
  if (!request.attention.empty()) attention.emplace(request.attention, subject, images, pipeline);
  say_what_numbers_mean(subject);

  Findings findings(request, images, std::move(names), top);
  ImagePass pass;
  pass.dataset = &images;
  pass.pipeline = &pipeline;
  pass.batch = batch_for(subject, attention ? Look::kAttention : Look::kLogits);
  if (attention) {
    pass.taps = attention->taps();
    pass.before_batch = [&](int64_t) { attention->start(); };
  }
  pass.on_batch = [&](int64_t first, const at::Tensor& logits) {
    findings.add(first, logits);
    if (attention) attention->draw(first);
    set_status_line(fmt::format("  {} of {} images", first + logits.size(0), images.size()));
  };
  show_images(subject, pass);
  set_status_line("");
  findings.finish(subject);
  images.require_all();
}

}  // namespace vit
