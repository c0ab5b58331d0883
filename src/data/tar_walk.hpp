// The members of a plain tar file (v7, ustar, GNU, pax), found by walking along its headers.
// Everything a header says is checked before it is believed. Private to the data library.
#pragma once

#include "shard_file.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace vit::detail {

struct TarMember {
  std::string name;  // without leading "./" or "/"
  int64_t offset = 0, size = 0;
  bool is_file = false;  // else a folder, a link or a device: there are no bytes
};

// Where a tar lies: a whole file, or a member of another tar.
struct TarExtent {
  int64_t begin = 0, end = 0;
};

// True when the first block is a tar header with a right checksum, or the mark of an empty tar.
bool looks_like_tar(std::string_view first_block);

// "gzip", "zstd", "xz", "bzip2", or "" when the bytes are none of these.
std::string compression_of(std::string_view bytes);

// How the user gets a plain tar from a compressed one: the second line of an error.
std::string unpacking_advice(const std::string& compression, const std::string& path);

// Calls `visit` for every member; it may look at the window, too. Throws DataError naming the file,
// the place and the member for damaged headers, for members that reach beyond the end, and for
// sparse files.
void walk_tar(FileWindow& window, TarExtent extent,
              const std::function<void(const TarMember&)>& visit);

}  // namespace vit::detail
