#include "picture_folder.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace vit::detail {
namespace {

constexpr char kMagic[8] = {'V', 'I', 'T', 'P', 'I', 'C', '\r', '\n'};
constexpr uint32_t kVersion = 1;
constexpr const char* kEnding = ".pic";
constexpr const char* kPartEnding = ".part";

struct Header {
  char magic[8] = {};
  uint32_t version = kVersion, key_size = 0;
  uint32_t height = 0, width = 0;  // of plain pixels; 0: encoded
  uint64_t size = 0;               // of the picture
  uint64_t unused = 0;
  uint64_t checksum = 0;  // of the whole file with a 0 here
};
static_assert(sizeof(Header) == 48);
constexpr size_t kChecksumAt = sizeof(Header) - sizeof(uint64_t);

std::string text_of(const PictureKey& key) { return key.place + "\n" + key.version; }

uint64_t hash(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string file_of(const PictureKey& key, const KeptPicture& picture) {
  const std::string text = text_of(key);
  Header header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.key_size = static_cast<uint32_t>(text.size());
  header.height = static_cast<uint32_t>(picture.height);
  header.width = static_cast<uint32_t>(picture.width);
  header.size = picture.bytes.size();
  std::string file(sizeof header, '\0');
  std::memcpy(file.data(), &header, sizeof header);
  file += text;
  file += picture.bytes;
  const uint64_t checksum = hash(file);
  std::memcpy(file.data() + kChecksumAt, &checksum, sizeof checksum);
  return file;
}

// Nothing when the file is not there, damaged, or of another picture or state.
std::optional<Picture> picture_in(std::string file, const PictureKey& key, std::string name) {
  Header header;
  if (file.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, file.data(), sizeof header);
  std::memset(file.data() + kChecksumAt, 0, sizeof header.checksum);
  const bool is_whole = std::memcmp(header.magic, kMagic, sizeof kMagic) == 0 &&
                        header.version == kVersion && header.checksum == hash(file);
  const size_t body = file.size() - sizeof header;
  if (!is_whole || header.key_size > body || header.size != body - header.key_size) {
    return std::nullopt;
  }
  if (std::string_view(file).substr(sizeof header, header.key_size) != text_of(key)) {
    return std::nullopt;
  }
  const size_t begin = sizeof header + header.key_size;
  if (header.height != 0) {
    return picture_of(std::move(name), file.substr(begin), header.height, header.width);
  }
  Picture picture = encoded_picture(std::move(name), std::move(file));
  picture.bytes.remove_prefix(begin);
  return picture;
}

std::string name_of(const PictureKey& key) {
  const std::string digits = checksum(key.place);
  return digits.substr(0, 2) + "/" + digits.substr(2) + kEnding;
}

}  // namespace

PictureFolder::PictureFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    throw DataError(fmt::format("data.cache.folder '{}' cannot be made: {}", folder_.string(),
                                error.message()));
  }
  look_through();
}

// Parts that nobody has written to for an hour are leftovers.
void PictureFolder::look_through() {
  const auto now = fs::file_time_type::clock::now();
  std::error_code error, unknown;
  fs::recursive_directory_iterator entry(folder_, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    if (!entry->is_regular_file(unknown)) continue;
    const Old old{static_cast<int64_t>(entry->file_size(unknown)), entry->last_write_time(unknown)};
    if (unknown) continue;  // another run has just removed it
    if (path.extension() == kPartEnding && now - old.used > std::chrono::hours(1)) {
      fs::remove(path, unknown);
    } else if (path.extension() == kEnding) {
      old_.emplace(path.parent_path().filename().string() + "/" + path.filename().string(), old);
      bytes_ += old.size;
    }
  }
  if (error) {
    throw DataError(fmt::format("data.cache.folder '{}' cannot be read: {}", folder_.string(),
                                error.message()));
  }
}

fs::path PictureFolder::path_of(const PictureKey& key) const { return folder_ / name_of(key); }

int64_t PictureFolder::file_size(const PictureKey& key, const KeptPicture& picture) {
  return static_cast<int64_t>(sizeof(Header) + key.place.size() + 1 + key.version.size() +
                              picture.bytes.size());
}

std::optional<Picture> PictureFolder::read(const PictureKey& key, std::string name) const {
  const fs::path path = path_of(key);
  std::error_code unknown;
  if (!fs::is_regular_file(path, unknown)) return std::nullopt;
  try {
    return picture_in(read_text(path), key, std::move(name));
  } catch (const DataError&) {  // removed meanwhile, or the disk has a fault: it is not there
    return std::nullopt;
  }
}

void PictureFolder::touch(const PictureKey& key) const {
  std::error_code ignored;
  fs::last_write_time(path_of(key), fs::file_time_type::clock::now(), ignored);
}

// Not flushed to the disk: a checksum tells what a crash left unfinished.
bool PictureFolder::write(const PictureKey& key, const KeptPicture& picture, std::string& problem) {
  const fs::path path = path_of(key);
  const fs::path part = fmt::format("{}.{}-{}{}", path.string(), getpid(), ++parts_, kPartEnding);
  std::error_code error;
  fs::create_directory(path.parent_path(), error);
  errno = 0;
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  const std::string bytes = file_of(key, picture);
  file.write(bytes.data(), std::ssize(bytes));
  file.close();
  if (file) fs::rename(part, path, error);
  if (file && !error) return true;
  problem = fmt::format("cannot write '{}': {}", path.string(),
                        error ? error.message() : std::strerror(errno != 0 ? errno : EIO));
  fs::remove(part, error);
  return false;
}

void PictureFolder::protect(const PictureKey& key) {
  const std::lock_guard lock(mutex_);
  if (!old_.empty()) old_.erase(name_of(key));
}

int64_t PictureFolder::make_room() {
  const std::lock_guard lock(mutex_);
  if (!is_sorted_) {
    by_age_.assign(old_.begin(), old_.end());
    std::sort(by_age_.begin(), by_age_.end(),
              [](const auto& a, const auto& b) { return a.second.used > b.second.used; });
    is_sorted_ = true;
  }
  while (!by_age_.empty()) {
    const auto [name, old] = by_age_.back();
    by_age_.pop_back();
    std::error_code unknown;
    const bool is_unused = fs::last_write_time(folder_ / name, unknown) == old.used;
    if (!unknown && is_unused && fs::remove(folder_ / name, unknown)) return old.size;
  }
  return 0;
}

}  // namespace vit::detail
