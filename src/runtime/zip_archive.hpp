// A zip archive by its central directory, strictly: the container of .npz and .pth files.
//
// Our own reader, for libzip does not say where in the file a stored member's bytes are, and
// tensors shall be views of the mapped file. Local headers are looked at only to find the data,
// since NumPy writes sizes of 0xFFFFFFFF there and PyTorch writes none. ZIP64 is understood;
// encryption, archives in several parts, bytes before the archive, members that overlap and deflate
// ratios that no deflate can reach are refused. Flaws of the file throw FileFlaw.
#pragma once

#include "vit/core/files.hpp"

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vit {

struct ZipMember {
  std::string_view name;  // in the mapped file
  bool is_deflated = false;
  uint32_t crc = 0;
  bool has_crc = true;     // PyTorch can be told to write zeros in place of all checksums
  uint64_t size = 0;       // of the content
  std::string_view bytes;  // in the mapped file: the content, or what inflates to it
};

class ZipArchive {
 public:
  explicit ZipArchive(std::shared_ptr<const MappedFile> file);

  const std::shared_ptr<const MappedFile>& file() const { return file_; }
  const std::vector<ZipMember>& members() const { return members_; }  // in the directory's order
  const ZipMember* find(std::string_view name) const;                 // nullptr: there is none

 private:
  std::shared_ptr<const MappedFile> file_;
  std::vector<ZipMember> members_;
  std::unordered_map<std::string_view, size_t> index_;
};

// Reads one member from its start to its end, and then compares its checksum.
class ZipMemberReader {
 public:
  explicit ZipMemberReader(const ZipMember& member);
  ~ZipMemberReader();
  ZipMemberReader(const ZipMemberReader&) = delete;
  ZipMemberReader& operator=(const ZipMemberReader&) = delete;

  uint64_t left() const { return member_.size - position_; }
  void read(void* to, uint64_t size);  // no more than left() says
  bool is_mapped() const { return !member_.is_deflated; }
  std::string_view rest() const;  // all that is left, in the mapped file; needs is_mapped()
  void finish();                  // all has been read: is it what was written?

 private:
  void inflate_into(char* to, uint64_t size);

  const ZipMember& member_;
  uint64_t position_ = 0;
  uint32_t crc_ = 0;
  z_stream stream_{};
};

// The content of a member, of at most `limit` bytes.
std::string read_member(const ZipMember& member, uint64_t limit);

}  // namespace vit
