#include "vit/core/error.hpp"
#include "vit/runtime/npz_file.hpp"

#include "npy_header.hpp"
#include "zip_writer.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

namespace vit {
namespace {

NpyType npy_type(const NamedTensor& entry) {
  const auto found = std::ranges::find(kNpyTypes, entry.tensor.scalar_type(), &NpyType::type);
  if (found == kNpyTypes.end()) {
    throw CheckpointError("tensor " + entry.name + " has elements of type " +
                          c10::toString(entry.tensor.scalar_type()) +
                          ", which NumPy does not know");
  }
  return *found;
}

}  // namespace

void write_npz(const std::filesystem::path& path, const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const NamedTensor& entry : tensors) {
    VIT_CHECK(entry.tensor.defined() && names.insert(entry.name).second, entry.name);
    npy_type(entry);
  }
  ZipWriter archive(path);
  for (const NamedTensor& entry : tensors) {  // one at a time: room for one copy is enough
    const at::Tensor host = entry.tensor.detach().to(at::kCPU).contiguous();
    const auto* data = static_cast<const char*>(host.const_data_ptr());
    archive.add(entry.name + ".npy", npy_header(npy_type(entry), host.sizes().vec()),
                {data, host.numel() == 0 ? 0 : host.nbytes()});
  }
  archive.keep();
}

}  // namespace vit
