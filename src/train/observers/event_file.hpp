// TensorBoard's event format, as much of it as scalars need: records framed as in TFRecord files,
// each one a protobuf message `Event` encoded by hand (five fields do not need the protobuf
// library, whose symbols clash with those inside LibTorch).
#pragma once

#include "append_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vit {

// CRC-32C (Castagnoli), as in RFC 3720, appendix B.4.
uint32_t crc32c(std::string_view bytes);

struct Scalar {
  std::string tag;
  double value = 0;
};

class EventFile {
 public:
  // Starts events.out.tfevents.<time>.<host>.<pid> in `folder`; a run that goes on starts another
  // file, which TensorBoard joins.
  explicit EventFile(const std::filesystem::path& folder);

  void write(int64_t step, const std::vector<Scalar>& scalars);
  // Readers drop what earlier files say of `step` and later steps: a resumed run writes it again.
  void write_restart(int64_t step);

 private:
  void write_record(std::string_view event);

  AppendFile file_;
};

}  // namespace vit
