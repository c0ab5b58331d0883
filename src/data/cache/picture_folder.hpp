// A folder of kept pictures, one file each, that several runs at a time may use. Private to the
// data library.
//
//   ab/cdef0123456789.pic   called after what it is the picture of
//     header, 48 bytes      magic, version, size of plain pixels, lengths, checksum of the file
//     key                   what it is the picture of, and in which state that was
//     bytes                 as in vit-pack's records
//
// Files are written under another name and renamed, so they are whole or absent; one that is not
// whole after all, or whose picture has changed, counts as absent and is written again.
#pragma once

#include "vit/data/picture.hpp"

#include "../kept_picture.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace vit::detail {

// What a file is the picture of.
struct PictureKey {
  std::string place;    // the picture, and what was made of it: decides the file's name
  std::string version;  // its state
};

class PictureFolder {
 public:
  // Makes the folder when it is not there, and looks through it. Throws DataError when it cannot be
  // made or read.
  explicit PictureFolder(std::filesystem::path folder);

  const std::filesystem::path& path() const { return folder_; }
  int64_t bytes() const { return bytes_; }  // of all that was there at first

  // Bytes of the file that keeps such a picture.
  static int64_t file_size(const PictureKey& key, const KeptPicture& picture);

  std::optional<Picture> read(const PictureKey& key, std::string name) const;
  // Marks the file as used now.
  void touch(const PictureKey& key) const;
  // False when it could not be written: a full disk, a folder without permission.
  bool write(const PictureKey& key, const KeptPicture& picture, std::string& problem);

  // This picture is wanted by the run: make_room() leaves it alone.
  void protect(const PictureKey& key);
  // Removes the file that nobody has used for longest, of those that were there at first and are
  // not protected. Its bytes, or 0 when there is none left.
  int64_t make_room();

 private:
  struct Old {
    int64_t size = 0;
    std::filesystem::file_time_type used;
  };
  std::filesystem::path path_of(const PictureKey& key) const;
  void look_through();

  std::filesystem::path folder_;
  int64_t bytes_ = 0;
  std::unordered_map<std::string, Old> old_;         // by name
  std::vector<std::pair<std::string, Old>> by_age_;  // the oldest last; filled when first needed
  bool is_sorted_ = false;
  std::mutex mutex_;
  std::atomic<int64_t> parts_ = 0;  // written so far, for names of their own
};

}  // namespace vit::detail
