// Plain copies of compressed files. Private to the data library.
#pragma once

#include "vit/core/error.hpp"

#include <filesystem>

namespace vit::detail {

// Writes to `to`, under another name until it is whole, what the gzip, zstd, xz or bzip2 file
// `from` holds. `stop` is asked now and then, as by pack(). Throws DataError when the file is
// damaged, when it unpacks to more than a hundred times its size, which no tar of pictures does,
// and when the disk is full; nothing is left then.
void decompress(const std::filesystem::path& from, const std::filesystem::path& to,
                ExitCode (*stop)());

}  // namespace vit::detail
