// ImageNet's reassessed labels (Beyer et al. 2020).
#pragma once

#include "evaluation_results.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace vit {

// The right classes of every image, none for some.
using RealLabels = std::vector<std::vector<int64_t>>;

// `file` is real.json: for each of the 50,000 validation images of ImageNet a list of right
// classes. Images are found by the number in their name (ILSVRC2012_val_00000293). Throws DataError
// when the file is something else or an image is not among them.
RealLabels read_real_labels(const std::filesystem::path& file,
                            const std::vector<std::string>& names);

RealAccuracy score_real(const RealLabels& right, const std::vector<Prediction>& predictions);

}  // namespace vit
