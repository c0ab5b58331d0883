#include "vit/core/error.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "new_file.hpp"
#include "tensor_dtype.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>

namespace vit {
namespace {

constexpr size_t kAlignment = 64;  // of the first data byte

std::string_view dtype_name(const NamedTensor& entry) {
  const auto type = entry.tensor.scalar_type();
  const auto found =
      std::ranges::find(kTensorDtypes, type, [](const auto& pair) { return pair.second; });
  VIT_CHECK(found != kTensorDtypes.end(),
            "tensor " + entry.name + " has an element type that files do not hold");
  return found->first;
}

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int64_t byte_size(const at::Tensor& tensor) {
  return tensor.numel() * static_cast<int64_t>(tensor.element_size());
}

// Wide elements first, so that every tensor is aligned to its element without gaps; otherwise the
// given order.
std::vector<const NamedTensor*> file_order(const NamedTensors& tensors) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& entry : tensors) order.push_back(&entry);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const NamedTensor* e) { return e->tensor.element_size(); });
  return order;
}

std::string header_of(const std::vector<const NamedTensor*>& order,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> items;
  if (!metadata.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : metadata)
      pairs.push_back(json_text(key) + ":" + json_text(value));
    items.push_back(fmt::format("\"__metadata__\":{{{}}}", fmt::join(pairs, ",")));
  }
  int64_t begin = 0;
  std::set<std::string> names;
  for (const NamedTensor* entry : order) {
    VIT_CHECK(entry->tensor.defined() && entry->name != "__metadata__" &&
                  names.insert(entry->name).second,
              entry->name);
    const int64_t end = begin + byte_size(entry->tensor);
    items.push_back(fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                                json_text(entry->name), dtype_name(*entry),
                                fmt::join(entry->tensor.sizes(), ","), begin, end));
    begin = end;
  }
  std::string json = fmt::format("{{{}}}", fmt::join(items, ","));
  const size_t unpadded = sizeof(uint64_t) + json.size();
  json.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  const uint64_t length = json.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + json;
}

}  // namespace

void write_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::vector<const NamedTensor*> order = file_order(tensors);
  const std::string header = header_of(order, metadata);
  NewFile file(path);
  file.write(header.data(), header.size());
  for (const NamedTensor* entry :
       order) {  // one at a time: a copy from a device needs room for one tensor only
    const at::Tensor host = entry->tensor.detach().to(at::kCPU).contiguous();
    if (host.numel() > 0) file.write(host.const_data_ptr(), static_cast<size_t>(byte_size(host)));
  }
  file.keep();
}

}  // namespace vit
