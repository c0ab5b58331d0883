// Predicting the classes of loose images: what vit-predict does.
#pragma once

#include "vit/train/subject.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace vit {

enum class PredictionFormat { kTable, kCsv, kJsonLines };

struct PredictionRequest : SubjectRequest {
  std::vector<std::filesystem::path> images;  // files and folders
  std::optional<int64_t> top;                 // classes an image; by default 5, or all if fewer
  PredictionFormat format = PredictionFormat::kTable;
  std::filesystem::path labels;     // class names, one a line
  std::filesystem::path logits;     // safetensors
  std::filesystem::path attention;  // folder for pictures of where the network looks
};

// Prints the likeliest classes of each image to stdout, in the order of the request, and writes
// what else is asked for. Images that cannot be read are left out; when the others are done, a
// DataError names them. Throws ConfigError, DataError, CheckpointError.
void run_prediction(const PredictionRequest& request);

}  // namespace vit
