#include "vit/train/subject.hpp"

#include "vit/config/reader.hpp"
#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/models/identify.hpp"
#include "vit/runtime/device.hpp"
#include "vit/train/batch_stream.hpp"
#include "vit/train/load_table.hpp"
#include "vit/train/stored_model.hpp"

#include "data_layer.hpp"
#include "stored_config.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace vit {

WeightsSource open_weights(const SubjectRequest& request) {
  return open_weights(request.run.empty() ? request.weights : request.run, request.checkpoint,
                      WhichWeights::kRaw, layout_in(request.overrides));
}

config::Document document_of(const SubjectRequest& request, const WeightsSource& source) {
  if (!request.run.empty()) return stored_document(source.file.parent_path());
  StoredModel described{identify_model(source, request.model), {}};
  described.input = source.input ? *source.input : input_of_preset(described.model.name());
  return config::Document::from_text(config::write(described), source.weights.name);
}

config::Document data_document(const fs::path& path, const std::string& kind) {
  const std::string root = fs::absolute(path).lexically_normal().string();
  // null first: nothing of another data section stays.
  return config::Document::from_text("data: null", "--data")
      .overlay(config::Document::from_text(data_layer(kind, root), "--data"));
}

Subject build_subject(const config::Document& document, WeightsSource source) {
  Subject subject;
  subject.config = read_run_config(document);
  subject.source = std::move(source);
  subject.device = choose_device(subject.config.device);
  set_deterministic(subject.config.run.deterministic);
  const NamedTensors& tensors = subject.source.weights.tensors;
  subject.model = subject.config.model.build({.classes = classes_of(tensors),
                                              .channels = channels_of(tensors),
                                              .allocation = Allocation::kUninitialised});
  return subject;
}

void load_into(const Subject& subject, const Weights& weights) {
  InitConfig init = subject.config.init;
  init.head = HeadPolicy::kKeep;
  const LoadReport report = load_weights(*subject.model, weights, init);
  const bool is_plain = report.matched == report.total && report.resized.empty() &&
                        report.adapted.empty() && report.unused.empty() && report.notes.empty();
  const bool is_doubtful = !report.unused.empty() || !report.notes.empty();
  if (!is_plain) {
    spdlog::log(is_doubtful ? spdlog::level::warn : spdlog::level::info, "{}\n{}", weights.name,
                load_table(report));
  }
  move_to(*subject.model, subject.device);
}

Subject open_subject(const SubjectRequest& request) {
  WeightsSource source = open_weights(request);
  // A configuration has to name data; made-up ones cost nothing until somebody opens them.
  config::Document document = config::Document::from_text("data: synthetic", "no data");
  document.overlay(document_of(request, source)).overlay(request.overrides);
  Subject subject = build_subject(document, std::move(source));
  load_into(subject, subject.source.weights);
  return subject;
}

Pipeline viewing_pipeline(const Subject& subject) {
  return Pipeline({}, subject.config.input, subject.model->input_size(),
                  {subject.config.data.common().exif_orientation});
}

LoaderOptions loader_options(const Subject& subject, int64_t batch) {
  return loader_options(subject.config.loader, *subject.model, subject.device, batch);
}

void require_head(const Subject& subject) {
  const Weights& weights = subject.source.weights;
  if (subject.model->classes() == 0)
    throw CheckpointError("weights '" + weights.name + "' have no classification head");
  for (const char* name : {"head.weight", "head.fc.weight"}) {
    const at::Tensor* head = find_tensor(weights.tensors, name);
    if (head == nullptr || !is_all_zero(*head)) continue;
    throw CheckpointError("the head in weights '" + weights.name +
                          "' is all zeros: it was removed, or never trained\nfine-tune it on your "
                          "images first (vit-finetune)");
  }
}

void require_folder_of(const fs::path& file) {
  if (file.empty() || file == "-") return;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (!fs::is_directory(folder)) {
    throw DataError("cannot write '" + file.string() + "': there is no folder '" + folder.string() +
                    "'");
  }
}

std::string title_of(const Subject& subject, const std::string& what) {
  return fmt::format("{} \u00b7 {} \u00b7 {} \u00b7 {} px \u00b7 {}", subject.config.model.name(),
                     subject.source.weights.name, what, to_string(subject.model->input_size()),
                     subject.source.input ? "preprocessing stored with the weights"
                                          : "preprocessing of the preset");
}

}  // namespace vit
