#include "tensor_header.hpp"

#include "file_flaw.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

namespace vit {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // as the reference implementation
constexpr int kMaxDepth = 127;                     // of the JSON text, likewise

[[noreturn]] void flaw(const std::string& text) { throw FileFlaw(text); }

// Receives the JSON text token by token, so that duplicate keys are seen and nothing but the
// expected shape is ever stored:
//   {"__metadata__": {string: string}, NAME: {"dtype": string, "shape": [n..], "data_offsets": [n,
//   n], ..ignored..}}
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> entries;

  bool null() override { return scalar("null"); }
  bool boolean(bool) override { return scalar("a boolean"); }
  bool number_float(double, const std::string& text) override {
    return scalar("the number " + text);
  }
  bool number_integer(int64_t value) override {
    return scalar("the number " + std::to_string(value));
  }
  bool binary(Json::binary_t&) override { return scalar("binary data"); }

  bool number_unsigned(uint64_t value) override {
    if (place_ != Place::kNumbers) return scalar("the number " + std::to_string(value));
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      flaw(fmt::format("gives tensor {} the {} {}, which is too large", in_quotes(entry_.name),
                       field_, value));
    }
    numbers_.push_back(static_cast<int64_t>(value));
    return true;
  }

  bool string(std::string& value) override {
    if (place_ == Place::kMetadata) {
      metadata.emplace(key_, value);
    } else if (place_ == Place::kEntry && field_ == "dtype") {
      entry_.dtype = value;
    } else {
      return scalar("a text");
    }
    return true;
  }

  bool key(std::string& name) override {
    if (place_ == Place::kIgnored) return true;
    key_ = name;
    auto& seen = place_ == Place::kTop ? names_ : fields_;
    if (!seen.insert(name).second)
      flaw(fmt::format("has the key {} twice in its header", in_quotes(name)));
    if (place_ == Place::kEntry) field_ = name;
    return true;
  }

  bool start_object(size_t) override {
    if (++depth_ > kMaxDepth) flaw("has a header that is nested too deeply");
    if (place_ == Place::kNothing) {
      place_ = Place::kTop;
    } else if (place_ == Place::kTop) {
      start_entry();
    } else {
      skip("an object");
    }
    return true;
  }

  bool end_object() override {
    --depth_;
    if (place_ == Place::kIgnored) {
      stop_skipping();
    } else if (place_ == Place::kMetadata) {
      place_ = Place::kTop;
    } else if (place_ == Place::kEntry) {
      end_entry();
    }
    return true;
  }

  bool start_array(size_t) override {
    if (++depth_ > kMaxDepth) flaw("has a header that is nested too deeply");
    if (place_ == Place::kEntry && (field_ == "shape" || field_ == "data_offsets")) {
      place_ = Place::kNumbers;
      numbers_.clear();
    } else {
      skip("a list");
    }
    return true;
  }

  bool end_array() override {
    --depth_;
    if (place_ == Place::kIgnored) {
      stop_skipping();
      return true;
    }
    place_ = Place::kEntry;
    if (field_ == "shape") {
      entry_.shape = numbers_;
    } else {
      if (numbers_.size() != 2) {
        flaw(fmt::format("gives tensor {} {} data_offsets instead of 2", in_quotes(entry_.name),
                         numbers_.size()));
      }
      entry_.begin = numbers_[0];
      entry_.end = numbers_[1];
    }
    return true;
  }

  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    flaw(fmt::format("has a header that is no valid JSON (byte {} of the header)", position));
  }

 private:
  enum class Place { kNothing, kTop, kMetadata, kEntry, kNumbers, kIgnored };

  bool is_ignored_field() const {
    return place_ == Place::kEntry && field_ != "dtype" && field_ != "shape" &&
           field_ != "data_offsets";
  }

  bool scalar(const std::string& what) {
    if (place_ != Place::kIgnored && !is_ignored_field()) wrong_kind(what);
    return true;
  }

  [[noreturn]] void wrong_kind(const std::string& what) const {
    switch (place_) {
      case Place::kMetadata:
        flaw(fmt::format("has {} instead of a text as metadata {}", what, in_quotes(key_)));
      case Place::kEntry:
      case Place::kNumbers:
        flaw(fmt::format("has {} where the {} of tensor {} should be", what, field_,
                         in_quotes(entry_.name)));
      case Place::kTop:
        flaw(fmt::format("has {} instead of a description of tensor {}", what, in_quotes(key_)));
      default:
        flaw(fmt::format("has {} as its header instead of an object", what));
    }
  }

  // Fields of a tensor that the format does not know are allowed and passed over, whatever they
  // hold.
  void skip(const std::string& what) {
    if (place_ != Place::kIgnored) {
      if (!is_ignored_field()) wrong_kind(what);
      place_ = Place::kIgnored;
      ignored_depth_ = depth_;
    }
  }
  void stop_skipping() {
    if (depth_ < ignored_depth_) place_ = Place::kEntry;
  }

  void start_entry() {
    fields_.clear();
    if (key_ == "__metadata__") {
      place_ = Place::kMetadata;
    } else {
      place_ = Place::kEntry;
      entry_ = {};
      entry_.name = key_;
    }
  }

  void end_entry() {
    for (const char* needed : {"dtype", "shape", "data_offsets"}) {
      if (!fields_.contains(needed))
        flaw(fmt::format("lacks the {} of tensor {}", needed, in_quotes(entry_.name)));
    }
    entries.push_back(std::move(entry_));
    place_ = Place::kTop;
  }

  Place place_ = Place::kNothing;
  int depth_ = 0, ignored_depth_ = 0;
  std::string key_, field_;
  std::set<std::string> names_, fields_;
  std::vector<int64_t> numbers_;
  TensorEntry entry_;
};

// Bytes of a tensor of this shape. A zero extent counts as one here, so that strides cannot
// overflow either.
int64_t checked_bytes(const TensorEntry& entry) {
  int64_t bytes = dtype_size(entry.dtype);
  bool is_empty = false;
  for (const int64_t extent : entry.shape) {
    is_empty = is_empty || extent == 0;
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(extent, 1), &bytes)) {
      flaw(fmt::format("gives tensor {} a shape that is too large for any memory",
                       in_quotes(entry.name)));
    }
  }
  return is_empty ? 0 : bytes;
}

void check_entry(const TensorEntry& entry) {
  if (dtype_size(entry.dtype) == 0) {
    flaw(fmt::format("gives tensor {} the element type {}, which is not known here",
                     in_quotes(entry.name), in_quotes(entry.dtype)));
  }
  if (entry.shape.size() > kMaxDimensions) {
    flaw(fmt::format("gives tensor {} {} dimensions", in_quotes(entry.name), entry.shape.size()));
  }
  const int64_t bytes = checked_bytes(entry);
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    flaw(fmt::format(
        "gives tensor {} the bytes {} to {}, but its type {} and shape [{}] need {} bytes",
        in_quotes(entry.name), entry.begin, entry.end, entry.dtype, fmt::join(entry.shape, ", "),
        bytes));
  }
}

// Byte ranges must follow one another without holes or overlaps and fill the data exactly.
void check_coverage(const std::vector<TensorEntry>& entries, int64_t data_bytes) {
  int64_t covered = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != covered) {
      flaw(fmt::format("has {} tensor {} (byte {}, expected {})",
                       entry.begin < covered ? "overlapping data at" : "a hole in the data before",
                       in_quotes(entry.name), entry.begin, covered));
    }
    covered = entry.end;
  }
  if (covered > data_bytes) {
    flaw(fmt::format("ends too early: {} of {} bytes of data are there", data_bytes, covered));
  }
  if (covered < data_bytes)
    flaw(fmt::format("has {} bytes too many at its end", data_bytes - covered));
}

// The header text after its 8 bytes of length.
std::string_view header_text(std::string_view file) {
  uint64_t length = 0;
  if (file.size() < sizeof length) {
    flaw(file.empty() ? "is empty" : fmt::format("is only {} bytes long", file.size()));
  }
  std::memcpy(&length, file.data(), sizeof length);
  if (length > kMaxHeaderBytes)
    flaw(fmt::format("claims a header of {} bytes; 100 MB is the limit", length));
  if (length > file.size() - sizeof length) {
    flaw(fmt::format("ends within its header ({} bytes of {} are there)",
                     file.size() - sizeof length, length));
  }
  const std::string_view text = file.substr(sizeof length, length);
  // Two liberties of the JSON parser that the format does not grant: an early end at NUL and a byte
  // order mark.
  if (text.find('\0') != text.npos) flaw("has a NUL byte in its header");
  if (text.starts_with("\xEF\xBB\xBF")) flaw("has a byte order mark in its header");
  return text;
}

}  // namespace

int64_t dtype_size(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 17> kSizes{{{"BOOL", 1},
                                                                                {"U8", 1},
                                                                                {"I8", 1},
                                                                                {"F8_E4M3", 1},
                                                                                {"F8_E5M2", 1},
                                                                                {"F8_E8M0", 1},
                                                                                {"I16", 2},
                                                                                {"U16", 2},
                                                                                {"F16", 2},
                                                                                {"BF16", 2},
                                                                                {"I32", 4},
                                                                                {"U32", 4},
                                                                                {"F32", 4},
                                                                                {"I64", 8},
                                                                                {"U64", 8},
                                                                                {"F64", 8},
                                                                                {"C64", 8}}};
  const auto found = std::ranges::find(kSizes, name, [](const auto& entry) { return entry.first; });
  return found == kSizes.end() ? 0 : found->second;
}

TensorHeader parse_tensor_header(std::string_view file) {
  const std::string_view text = header_text(file);
  HeaderReader reader;
  Json::sax_parse(text.begin(), text.end(), &reader);

  TensorHeader header;
  header.metadata = std::move(reader.metadata);
  header.entries = std::move(reader.entries);
  header.data_offset = static_cast<int64_t>(sizeof(uint64_t) + text.size());
  for (const TensorEntry& entry : header.entries) check_entry(entry);
  std::ranges::stable_sort(header.entries, {},
                           [](const TensorEntry& e) { return std::pair(e.begin, e.end); });
  check_coverage(header.entries, static_cast<int64_t>(file.size()) - header.data_offset);
  return header;
}

}  // namespace vit
