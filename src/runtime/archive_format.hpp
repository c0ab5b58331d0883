// What a weight file is, by its content.
#pragma once

#include "vit/runtime/tensor_archive.hpp"

#include "zip_archive.hpp"

#include <memory>
#include <optional>
#include <string>

namespace vit {

// Throws FileFlaw for what is read nowhere here, with the way to convert it.
ArchiveFormat recognize_archive(const std::shared_ptr<const MappedFile>& file);

// Throws FileFlaw unless the file is of this format.
void expect_format(const std::shared_ptr<const MappedFile>& file, ArchiveFormat expected);

// The folder, with its slash, that holds data.pkl in a zip archive of PyTorch.
std::optional<std::string> torch_folder(const ZipArchive& archive);

}  // namespace vit
