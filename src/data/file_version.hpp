// What tells that a file has changed. Private to the data library.
#pragma once

#include <filesystem>
#include <string>

namespace vit::detail {

// Size and time of change of the file, as text; "" when it cannot be looked at.
std::string file_version(const std::filesystem::path& path);

}  // namespace vit::detail
