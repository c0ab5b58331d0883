// Writes PyTorch archives by hand, instruction by instruction, so that tests can write what PyTorch
// never would.
#pragma once

#include "runtime/zip_writer.hpp"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vit::test::pickle {

template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline std::string integer(int64_t value) {  // LONG1 of 8 bytes
  return "\x8a\x08" + raw(value);
}
inline std::string text(const std::string& value) {
  return "X" + raw(static_cast<uint32_t>(value.size())) + value;
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string all = "(";
  for (const std::string& item : items) all += item;
  return all + "t";
}
inline std::string integers(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  for (const int64_t value : values) items.push_back(integer(value));
  return tuple(items);
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string all = "}(";
  for (const auto& [key, value] : items) all += text(key) + value;
  return all + "u";
}

struct Tensor {
  std::string storage = "FloatStorage", key = "0";
  int64_t count = 6, offset = 0;
  std::vector<int64_t> size = {2, 3}, stride = {3, 1};

  std::string instructions() const {
    const std::string id =
        tuple({text("storage"), global("torch", storage), text(key), text("cpu"), integer(count)});
    return global("torch._utils", "_rebuild_tensor_v2") +
           tuple({id + "Q", integer(offset), integers(size), integers(stride), "\x89",
                  global("collections", "OrderedDict") + ")R"}) +
           "R";
  }
};

inline std::string program(const std::string& instructions) {
  return "\x80\x02" + instructions + ".";
}

// An archive as torch.save makes it, of one storage "0".
inline void write(const std::filesystem::path& path, const std::string& pickle,
                  const std::string& data = std::string(24, '\0'),
                  const std::string& byte_order = "little") {
  ZipWriter archive(path);
  archive.add("archive/data.pkl", "", pickle);
  archive.add("archive/byteorder", "", byte_order);
  archive.add("archive/data/0", "", data);
  archive.add("archive/version", "", "3\n");
  archive.keep();
}

}  // namespace vit::test::pickle
