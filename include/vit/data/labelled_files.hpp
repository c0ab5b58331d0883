// Datasets made from other things than a DataSource: loose images with a CSV of labels, and a
// dataset under other labels.
#pragma once

#include "vit/data/dataset.hpp"

#include <filesystem>
#include <memory>
#include <vector>

namespace vit {

// The images a CSV lists: a header line with at least the columns `file` (relative to `folder`) and
// `label` (a number from 0; -1 or nothing: no label), further columns ignored, in the order of the
// lines. Throws DataError naming file and line.
std::unique_ptr<Dataset> open_labelled_files(const std::filesystem::path& folder,
                                             const std::filesystem::path& csv);

// `dataset` with label l replaced by labels[l].
std::unique_ptr<Dataset> relabelled(std::unique_ptr<Dataset> dataset, std::vector<int64_t> labels);

}  // namespace vit
