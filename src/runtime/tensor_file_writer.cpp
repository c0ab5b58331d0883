#include "vit/core/error.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "new_file.hpp"
#include "tensor_dtype.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

namespace vit {
namespace {

constexpr size_t kAlignment = 64;  // of the first data byte
constexpr size_t kPieceBytes = size_t{8} << 20;
constexpr size_t kParallelBytes = size_t{64} << 20;

std::string_view dtype_name(const NamedTensor& entry) {
  const auto type = entry.tensor.scalar_type();
  const auto found =
      std::ranges::find(kTensorDtypes, type, [](const auto& pair) { return pair.second; });
  if (found == kTensorDtypes.end()) {
    throw CheckpointError(
        fmt::format("tensor {} has elements of type {}, which safetensors cannot hold", entry.name,
                    c10::toString(type)));
  }
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

// Part of the data, in memory.
struct Piece {
  const char* bytes;
  size_t size;
  uint64_t offset;  // in the file
};

void add_pieces(std::vector<Piece>& pieces, const at::Tensor& host, uint64_t offset) {
  const auto* bytes = static_cast<const char*>(host.const_data_ptr());
  const auto size = static_cast<size_t>(byte_size(host));
  for (size_t at = 0; at < size; at += kPieceBytes)
    pieces.push_back({bytes + at, std::min(kPieceBytes, size - at), offset + at});
}

// By several threads where that is worth starting them; each takes the next piece in turn. (A loop
// of at::parallel_for would be serial: these sources are compiled without OpenMP.)
void write_pieces(const NewFile& file, const std::vector<Piece>& pieces) {
  std::atomic<size_t> next = 0;
  std::mutex lock;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (size_t i = next++; i < pieces.size(); i = next++)
        file.write_at(pieces[i].offset, pieces[i].bytes, pieces[i].size);
    } catch (...) {
      next = pieces.size();  // the others need not go on
      const std::lock_guard guard(lock);
      failure = std::current_exception();
    }
  };
  size_t total = 0;
  for (const Piece& piece : pieces) total += piece.size;
  {
    std::vector<std::jthread> helpers;
    const int threads = total < kParallelBytes ? 1 : at::get_num_threads();
    for (int i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void write_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::vector<const NamedTensor*> order = file_order(tensors);
  const std::string header = header_of(order, metadata);
  NewFile file(path);
  file.write(header.data(), header.size());
  std::vector<Piece> resident;
  uint64_t offset = header.size();
  for (const NamedTensor* entry : order) {
    const at::Tensor& tensor = entry->tensor;
    if (tensor.is_cpu() && tensor.is_contiguous()) {
      add_pieces(resident, tensor, offset);
    } else {  // one at a time: room for one copy is enough
      std::vector<Piece> copied;
      const at::Tensor host = tensor.detach().to(at::kCPU).contiguous();
      add_pieces(copied, host, offset);
      write_pieces(file, copied);
    }
    offset += static_cast<uint64_t>(byte_size(tensor));
  }
  write_pieces(file, resident);
  file.keep();
}

}  // namespace vit
