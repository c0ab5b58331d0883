#include "vit/runtime/state_dict_file.hpp"

#include "archive_format.hpp"
#include "file_flaw.hpp"
#include "mapped_storage.hpp"
#include "pickle.hpp"
#include "zip_archive.hpp"
#include "zip_tensor.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace vit {
namespace {

using Kind = PickleValue::Kind;

constexpr uint64_t kMaxPickleBytes = 16 << 20;

// The dictionary of the weights itself has none of these; the first that holds tensors is taken.
constexpr std::array<std::string_view, 6> kWeightKeys = {
    "model", "state_dict", "model_state_dict", "model_ema", "state_dict_ema", "ema"};

struct TorchType {
  std::string_view storage, name;  // FloatStorage, float32
  at::ScalarType type;
};
constexpr std::array<TorchType, 14> kTorchTypes{
    {{"torch.FloatStorage", "torch.float32", at::ScalarType::Float},
     {"torch.DoubleStorage", "torch.float64", at::ScalarType::Double},
     {"torch.HalfStorage", "torch.float16", at::ScalarType::Half},
     {"torch.BFloat16Storage", "torch.bfloat16", at::ScalarType::BFloat16},
     {"torch.LongStorage", "torch.int64", at::ScalarType::Long},
     {"torch.IntStorage", "torch.int32", at::ScalarType::Int},
     {"torch.ShortStorage", "torch.int16", at::ScalarType::Short},
     {"torch.CharStorage", "torch.int8", at::ScalarType::Char},
     {"torch.ByteStorage", "torch.uint8", at::ScalarType::Byte},
     {"torch.BoolStorage", "torch.bool", at::ScalarType::Bool},
     {"torch.ComplexFloatStorage", "torch.complex64", at::ScalarType::ComplexFloat},
     {"", "torch.uint16", at::ScalarType::UInt16},
     {"", "torch.uint32", at::ScalarType::UInt32},
     {"", "torch.uint64", at::ScalarType::UInt64}}};

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kTypedTensor = "torch._utils._rebuild_tensor_v3";  // untyped storage
constexpr std::string_view kParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kParameterWithState = "torch._utils._rebuild_parameter_with_state";
constexpr std::string_view kUntypedStorage = "torch.storage.UntypedStorage";

// All that a pickle may mention.
const std::vector<std::string_view>& allowed_names() {
  static const auto names = [] {
    std::vector<std::string_view> all = {
        kOrderedDict,        kTensor,         kTypedTensor, kParameter,
        kParameterWithState, kUntypedStorage, "torch.Size"};
    for (const TorchType& type : kTorchTypes) {
      if (!type.storage.empty()) all.push_back(type.storage);
      all.push_back(type.name);
    }
    return all;
  }();
  return names;
}

[[noreturn]] void flaw(std::string_view name, const std::string& text) {
  throw FileFlaw(fmt::format("has a tensor {} {}", in_quotes(name), text));
}

bool is_dict(const PickleValue& value) {
  return value.is(Kind::kDict) || value.is_call(kOrderedDict);
}

bool is_parameter(const PickleValue& value) {
  return value.is_call(kParameter) || value.is_call(kParameterWithState);
}

// The call that makes the tensor behind `value`, or nullptr when it is something else.
const PickleValue* tensor_call(const PickleValue& value) {
  const PickleValue* call = &value;
  if (is_parameter(value) && !value.operand->items.empty()) call = value.operand->items[0];
  return call->is_call(kTensor) || call->is_call(kTypedTensor) ? call : nullptr;
}

// What is under a key of a dictionary; of equal keys the last counts, as in Python.
const PickleValue* entry_of(const PickleValue& dict, std::string_view key) {
  const PickleValue* found = nullptr;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (dict.items[i]->is(Kind::kText) && dict.items[i]->text == key) found = dict.items[i + 1];
  }
  return found;
}

bool holds_tensors(const PickleValue& value) {
  if (!is_dict(value)) return false;
  for (size_t i = 1; i < value.items.size(); i += 2) {
    if (tensor_call(*value.items[i]) != nullptr) return true;
  }
  return false;
}

const PickleValue& find_weights(const PickleValue& top) {
  if (is_dict(top)) {
    for (const std::string_view key : kWeightKeys) {
      const PickleValue* inner = entry_of(top, key);
      if (inner != nullptr && holds_tensors(*inner)) return *inner;
    }
    if (holds_tensors(top)) return top;
  }
  throw FileFlaw("holds no dictionary of tensors",
                 fmt::format("Save the state dict itself, or under one of the keys {}.",
                             fmt::join(kWeightKeys, ", ")));
}

// Turns descriptions of tensors into tensors over the archive's storages.
class TensorBuilder {
 public:
  TensorBuilder(const ZipArchive& archive, std::string folder)
      : archive_(archive), folder_(std::move(folder)) {}

  // Arguments: storage, offset, size, stride, requires_grad, hooks, and of kTypedTensor the type.
  at::Tensor build(const PickleValue& call, std::string_view name) {
    const auto& arguments = call.operand->items;
    const bool is_typed = call.is_call(kTypedTensor);
    if (arguments.size() < (is_typed ? 7u : 6u) || !arguments[0]->is(Kind::kPersistent))
      flaw(name, "whose description is damaged");
    std::optional<at::ScalarType> type;
    if (is_typed) type = type_called(arguments[6]->text, &TorchType::name);
    const at::Tensor storage = storage_of(*arguments[0]->operand, type, name);
    const int64_t offset = integer(*arguments[1], name);
    const std::vector<int64_t> size = integers(*arguments[2], name);
    const std::vector<int64_t> stride = integers(*arguments[3], name);
    check_bounds(storage.numel(), offset, size, stride, name);
    return storage.numel() == 0 ? storage.new_empty(size)
                                : storage.as_strided(size, stride, offset);
  }

 private:
  static std::optional<at::ScalarType> type_called(std::string_view text,
                                                   std::string_view TorchType::*member) {
    const auto found = std::ranges::find(kTorchTypes, text, member);
    return found == kTorchTypes.end() || text.empty() ? std::nullopt : std::optional(found->type);
  }

  static int64_t integer(const PickleValue& value, std::string_view name) {
    if (!value.is(Kind::kInt) || value.number < 0) flaw(name, "whose place is damaged");
    return value.number;
  }

  static std::vector<int64_t> integers(const PickleValue& value, std::string_view name) {
    // torch.Size is called with one tuple.
    const bool is_size = value.is_call("torch.Size") && value.operand->items.size() == 1;
    const PickleValue& tuple = is_size ? *value.operand->items[0] : value;
    if (!tuple.is(Kind::kTuple) || tuple.items.size() > kMaxDimensions)
      flaw(name, "whose shape is damaged");
    std::vector<int64_t> numbers;
    for (const PickleValue* item : tuple.items) numbers.push_back(integer(*item, name));
    return numbers;
  }

  // No element outside the storage, and no more elements than it has.
  static void check_bounds(int64_t available, int64_t offset, const std::vector<int64_t>& size,
                           const std::vector<int64_t>& stride, std::string_view name) {
    if (size.size() != stride.size()) flaw(name, "whose shape and strides do not fit");
    int64_t count = 1, last = offset;
    bool is_safe = true;
    for (size_t i = 0; i < size.size(); ++i) {
      int64_t reach = 0;
      is_safe = is_safe &&
                !__builtin_mul_overflow(std::max<int64_t>(size[i], 1) - 1, stride[i], &reach) &&
                !__builtin_add_overflow(last, reach, &last) &&
                !__builtin_mul_overflow(count, std::max<int64_t>(size[i], 1), &count);
    }
    const bool is_empty = std::ranges::count(size, 0) > 0;
    if (!is_safe || (is_empty ? offset > available : last >= available || count > available)) {
      flaw(name, fmt::format("of the shape ({}) that reaches beyond its storage of {} elements",
                             fmt::join(size, ", "), available));
    }
  }

  // `id`: ("storage", type, key, device, number of elements). The key names a member of the
  // archive.
  at::Tensor storage_of(const PickleValue& id, std::optional<at::ScalarType> type,
                        std::string_view name) {
    const auto& parts = id.items;
    if (!id.is(Kind::kTuple) || parts.size() < 5 || !parts[0]->is(Kind::kText) ||
        parts[0]->text != "storage" || !parts[1]->is(Kind::kGlobal) || !parts[2]->is(Kind::kText)) {
      flaw(name, "whose storage is damaged");
    }
    const bool is_untyped = parts[1]->text == kUntypedStorage;
    if (!is_untyped) type = type_called(parts[1]->text, &TorchType::storage);
    if (!type) flaw(name, "of an element type that is not known here");
    const auto count = static_cast<uint64_t>(integer(*parts[4], name));  // in bytes if untyped
    const uint64_t width = is_untyped ? 1 : c10::elementSize(*type);
    const at::Tensor storage = load(std::string(parts[2]->text), *type, name);
    if (storage.nbytes() % width != 0 || storage.nbytes() / width != count)
      flaw(name, fmt::format("whose storage does not have the {} elements it says", count));
    return storage;
  }

  at::Tensor load(const std::string& key, at::ScalarType type, std::string_view name) {
    at::Tensor& storage = storages_[{key, type}];
    if (storage.defined()) return storage;
    const ZipMember* member = archive_.find(folder_ + "data/" + key);
    if (member == nullptr) flaw(name, fmt::format("whose data, {}, are missing", in_quotes(key)));
    if (member->size % c10::elementSize(type) != 0) flaw(name, "whose data are damaged");
    ZipMemberReader reader(*member);
    const auto count = static_cast<int64_t>(member->size / c10::elementSize(type));
    storage = read_tensor(archive_, reader, type, {count});
    return storage;
  }

  const ZipArchive& archive_;
  std::string folder_;
  std::map<std::pair<std::string, at::ScalarType>, at::Tensor> storages_;
};

void check_byte_order(const ZipArchive& archive, const std::string& folder) {
  const ZipMember* order = archive.find(folder + "byteorder");
  if (order == nullptr) return;  // older files have none, and are little-endian
  if (const std::string text = read_member(*order, 100); text != "little")
    throw FileFlaw(fmt::format("has the byte order {}; little is known", in_quotes(text)));
}

NamedTensors tensors_of(const PickleValue& weights, TensorBuilder& builder) {
  NamedTensors tensors;
  std::set<std::string_view> names;
  for (size_t i = 0; i + 1 < weights.items.size(); i += 2) {
    const PickleValue* call = tensor_call(*weights.items[i + 1]);
    if (call == nullptr) continue;
    const PickleValue& key = *weights.items[i];
    if (!key.is(Kind::kText)) throw FileFlaw("has a tensor whose name is no text");
    if (!names.insert(key.text).second) flaw(key.text, "twice");
    tensors.push_back({std::string(key.text), builder.build(*call, key.text)});
  }
  return tensors;
}

}  // namespace

NamedTensors read_state_dict(const std::filesystem::path& path) {
  const auto file = map_weights(path);
  try {
    expect_format(file, ArchiveFormat::kPickle);
    const ZipArchive archive(file);
    const std::string folder = *torch_folder(archive);
    check_byte_order(archive, folder);
    const std::string text = read_member(*archive.find(folder + "data.pkl"), kMaxPickleBytes);
    const Pickle pickle(text, allowed_names());
    TensorBuilder builder(archive, folder);
    return tensors_of(find_weights(pickle.top()), builder);
  } catch (const FileFlaw& flaw) {
    throw unusable(path, flaw, "PyTorch archive");
  }
}

}  // namespace vit
