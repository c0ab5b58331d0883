#include "npy_header.hpp"

#include "file_flaw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace vit {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kLongestHeader = 1 << 16;  // NumPy itself trusts no more than 10000 characters
constexpr size_t kAlignment = 64;

[[noreturn]] void flaw(const std::string& name, const std::string& text) {
  throw FileFlaw(fmt::format("has an array {} {}", in_quotes(name), text));
}

// Reads the dictionary from left to right.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& name) : left_(text), name_(name) {}

  bool accepts(char wanted) {
    skip_space();
    if (!left_.starts_with(wanted)) return false;
    left_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accepts(wanted)) unreadable();
  }
  void expect_end() {
    skip_space();
    if (!left_.empty()) unreadable();
  }

  std::string_view string() {
    skip_space();
    const char quote = left_.empty() ? '\0' : left_.front();
    if (quote != '\'' && quote != '"') unreadable();
    const size_t end = left_.find(quote, 1);
    if (end == left_.npos || left_.substr(0, end).find('\\') != left_.npos) unreadable();
    const std::string_view value = left_.substr(1, end - 1);
    left_.remove_prefix(end + 1);
    return value;
  }

  bool boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true},
                                      std::pair<std::string_view, bool>{"False", false}}) {
      if (!left_.starts_with(word)) continue;
      left_.remove_prefix(word.size());
      return value;
    }
    unreadable();
  }

  // A tuple of sizes; one of one element has a comma after it.
  std::vector<int64_t> sizes() {
    std::vector<int64_t> values;
    expect('(');
    while (!accepts(')')) {
      if (values.size() == kMaxDimensions) flaw(name_, "of too many dimensions");
      values.push_back(size());
      const bool has_comma = accepts(',');
      if (!has_comma) {
        if (values.size() == 1) unreadable();
        expect(')');
        break;
      }
    }
    return values;
  }

  [[noreturn]] void unreadable() const { flaw(name_, "whose header is not what NumPy writes"); }

 private:
  int64_t size() {
    skip_space();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), value);
    if (error == std::errc::result_out_of_range) flaw(name_, "whose shape is too large");
    if (error != std::errc{}) unreadable();
    if (value < 0) flaw(name_, "of negative size");
    left_.remove_prefix(static_cast<size_t>(end - left_.data()));
    if (left_.starts_with('L')) left_.remove_prefix(1);  // Python 2 wrote 3L
    return value;
  }

  void skip_space() { left_.remove_prefix(std::min(left_.find_first_not_of(" \n"), left_.size())); }

  std::string_view left_;
  const std::string& name_;
};

void read_type(std::string_view description, const std::string& name, NpyHeader& header) {
  const std::string_view code = description.substr(std::min<size_t>(1, description.size()));
  if (code.starts_with('O')) {
    throw FileFlaw(fmt::format("has an array {} of pickled Python objects, which are not executed",
                               in_quotes(name)),
                   "Write the file again with arrays of numbers only.");
  }
  const auto found = std::ranges::find(kNpyTypes, code, &NpyType::code);
  const bool has_order = !description.empty() && std::strchr("<>|=", description.front());
  if (found == kNpyTypes.end() || !has_order)
    flaw(name, fmt::format("of the type {}, which is not known here", in_quotes(description)));
  header.type = *found;
  header.is_big_endian = description.front() == '>';
  if (header.is_big_endian && code == "V2") flaw(name, "of bfloat16 in the wrong byte order");
}

// A zero extent counts as one here, so that strides cannot overflow either.
int64_t checked_bytes(const NpyHeader& header, const std::string& name) {
  auto bytes = static_cast<int64_t>(c10::elementSize(header.type.type));
  for (const int64_t extent : header.shape) {
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(extent, 1), &bytes))
      flaw(name, "whose shape is too large for any memory");
  }
  return std::ranges::count(header.shape, 0) > 0 ? 0 : bytes;
}

}  // namespace

size_t npy_length_size(std::string_view prefix, const std::string& name) {
  if (!prefix.starts_with(kMagic)) flaw(name, "that does not begin as NumPy's arrays do");
  const int version = prefix[6];
  if (version < 1 || version > 3 || prefix[7] != 0)
    flaw(name, "in an unknown version of NumPy's format");
  return version == 1 ? 2 : 4;
}

NpyHeader parse_npy_header(std::string_view text, const std::string& name) {
  if (text.size() > kLongestHeader) flaw(name, "with a header that is too long");
  HeaderText reader(text, name);
  std::optional<std::string_view> type;
  std::optional<bool> is_fortran_order;
  std::optional<std::vector<int64_t>> shape;
  reader.expect('{');
  while (!reader.accepts('}')) {
    const std::string_view key = reader.string();
    reader.expect(':');
    if (key == "descr" && !type) {
      if (reader.accepts('[')) flaw(name, "of records; plain numbers are known");
      type = reader.string();
    } else if (key == "fortran_order" && !is_fortran_order) {
      is_fortran_order = reader.boolean();
    } else if (key == "shape" && !shape) {
      shape = reader.sizes();
    } else {
      reader.unreadable();
    }
    if (!reader.accepts(',')) {
      reader.expect('}');
      break;
    }
  }
  reader.expect_end();
  if (!type || !is_fortran_order || !shape) flaw(name, "whose header is incomplete");
  NpyHeader header{.type = {}, .is_fortran_order = *is_fortran_order, .shape = *std::move(shape)};
  read_type(*type, name, header);
  header.num_bytes = checked_bytes(header, name);
  return header;
}

std::string npy_header(const NpyType& type, const std::vector<int64_t>& shape) {
  const char order = type.part_size == 1 || type.code == "V2" ? '|' : '<';
  std::string text =
      fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}", order,
                  type.code, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const size_t unpadded = kNpyPrefixSize + sizeof(uint16_t) + text.size() + 1;
  text.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  text += '\n';
  const auto length = static_cast<uint16_t>(text.size());
  std::string bytes(kMagic);
  bytes += {'\x01', '\x00'};
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  return bytes + text;
}

}  // namespace vit
