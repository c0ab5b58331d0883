// A trained network, opened to be looked at: what vit-eval, vit-predict and vit-inspect start with.
#pragma once

#include "vit/config/document.hpp"
#include "vit/train/run_config.hpp"
#include "vit/train/weights_source.hpp"

#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>

namespace vit {

struct SubjectRequest {
  std::filesystem::path run;        // a run folder, or
  std::filesystem::path weights;    // a weight file, checkpoint or run folder
  std::string checkpoint = "best";  // of a run: best, last, step-N
  std::string model;                // catalogue name for weights that do not say
  config::Document overrides;       // --set
};

struct Subject {
  RunConfig config;
  WeightsSource source;
  std::unique_ptr<Model> model;  // load_into() gives it values
  at::Device device{at::kCPU};
};

// The weights that are asked for; verified, not yet in a model. Throws CheckpointError.
WeightsSource open_weights(const SubjectRequest& request);

// The configuration of the run, or one made of what the weights say; without --set. Throws
// ConfigError, CheckpointError.
config::Document document_of(const SubjectRequest& request, const WeightsSource& source);

// The data section of the data set of that kind at `path`, which takes the place of any other.
config::Document data_document(const std::filesystem::path& path, const std::string& kind);

// The subject that `document` describes: device chosen, model built, its values still to come.
Subject build_subject(const config::Document& document, WeightsSource source);

// Puts the weights into the subject's model, says on stderr what did not fit one to one, and moves
// it to its device. Throws CheckpointError.
void load_into(const Subject& subject, const Weights& weights);

// All of it, for those who bring images of their own: the data section of a run plays no part, and
// one is not needed.
Subject open_subject(const SubjectRequest& request);

// How the network sees images: its preprocessing, and a loader's options for batches of that size.
Pipeline viewing_pipeline(const Subject& subject);
LoaderOptions loader_options(const Subject& subject, int64_t batch);

// Throws CheckpointError when the network predicts nothing: no head, or one of zeros only.
void require_head(const Subject& subject);

// Says before the work what would fail after it: throws DataError unless `file` (empty and "-" are
// none) lies in a folder that is there.
void require_folder_of(const std::filesystem::path& file);

// "vit_b16 - step-00001404/model.safetensors - 224 px - preprocessing stored with the weights";
// `what` comes before the pixels.
std::string title_of(const Subject& subject, const std::string& what);

}  // namespace vit
