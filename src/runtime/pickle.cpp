#include "pickle.hpp"

#include "file_flaw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace vit {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxValues = 1'000'000;

// The machine that Python's pickletools.py describes, without its ability to act.
class Machine {
 public:
  Machine(std::string_view text, std::span<const std::string_view> allowed,
          std::deque<PickleValue>& values)
      : left_(text), allowed_(allowed), values_(values) {}

  const PickleValue* run() {
    for (;;) {
      const auto code = static_cast<uint8_t>(take(1)[0]);
      if (code == '.') return pop();
      const bool is_known = scalar(code) || text(code) || sequence(code) || mapping(code) ||
                            memo(code) || stack(code) || object(code);
      if (!is_known) {
        throw FileFlaw(fmt::format(
            "holds a pickle with the instruction 0x{:02x}, which no weights need", code));
      }
    }
  }

 private:
  // Instructions by what they make or change; each returns false for a code that is not its own.
  bool scalar(uint8_t code) {
    switch (code) {
      case 'N':
        push(Kind::kNone);
        return true;
      case 0x88:
      case 0x89:
        push(Kind::kBool).number = code == 0x88;
        return true;
      case 'J':
        push(Kind::kInt).number = static_cast<int32_t>(number(4));
        return true;
      case 'K':
        push(Kind::kInt).number = static_cast<int64_t>(number(1));
        return true;
      case 'M':
        push(Kind::kInt).number = static_cast<int64_t>(number(2));
        return true;
      case 0x8a:
        push_long(number(1));
        return true;
      case 0x8b:
        push_long(number(4));
        return true;
      case 'G':
        push_float();
        return true;
      default:
        return false;
    }
  }

  bool text(uint8_t code) {
    switch (code) {
      case 'X':
        push_text(number(4));
        return true;  // BINUNICODE
      case 0x8c:
        push_text(number(1));
        return true;  // SHORT_BINUNICODE
      case 0x8d:
        push_text(number(8));
        return true;  // BINUNICODE8
      case 'T':
        push_text(number(4));
        return true;  // BINSTRING, of Python 2
      case 'U':
        push_text(number(1));
        return true;  // SHORT_BINSTRING
      case 'B':
        push_bytes(number(4));
        return true;  // BINBYTES
      case 'C':
        push_bytes(number(1));
        return true;  // SHORT_BINBYTES
      case 0x8e:
      case 0x96:
        push_bytes(number(8));
        return true;  // BINBYTES8, BYTEARRAY8
      default:
        return false;
    }
  }

  bool sequence(uint8_t code) {
    switch (code) {
      case ')':
        push(Kind::kTuple);
        return true;
      case 't':
        push_items(Kind::kTuple, since_mark());
        return true;
      case 0x85:
      case 0x86:
      case 0x87:
        push_items(Kind::kTuple, pop_many(code - 0x84u));
        return true;
      case ']':
      case 0x8f:
        push(Kind::kList);
        return true;
      case 'l':
      case 0x91:
        push_items(Kind::kList, since_mark());
        return true;
      case 'a':
        extend(Kind::kList, pop_many(1));
        return true;
      case 'e':
      case 0x90:
        extend(Kind::kList, since_mark());
        return true;
      default:
        return false;
    }
  }

  bool mapping(uint8_t code) {
    switch (code) {
      case '}':
        push(Kind::kDict);
        return true;
      case 'd':
        push_dict(since_mark());
        return true;
      case 's':
        extend(Kind::kDict, pop_many(2));
        return true;
      case 'u':
        extend(Kind::kDict, since_mark());
        return true;
      default:
        return false;
    }
  }

  bool memo(uint8_t code) {
    switch (code) {
      case 'q':
        memo_[number(1)] = top();
        return true;
      case 'r':
        memo_[number(4)] = top();
        return true;
      case 0x94:
        memo_[memo_.size()] = top();
        return true;
      case 'h':
        recall(number(1));
        return true;
      case 'j':
        recall(number(4));
        return true;
      default:
        return false;
    }
  }

  bool stack(uint8_t code) {
    switch (code) {
      case 0x80:
        check_protocol(number(1));
        return true;
      case 0x95:
        number(8);
        return true;  // FRAME: how much to read at once
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case '0':
        pop();
        return true;
      case '1':
        since_mark();
        return true;
      default:
        return false;
    }
  }

  bool object(uint8_t code) {
    switch (code) {
      case 'c':
        push_listed_global();
        return true;
      case 0x93:
        push_named_global();
        return true;
      case 'R':
      case 0x81:
        push_call();
        return true;  // REDUCE, NEWOBJ
      case 'b':
        pop();
        top();
        return true;  // BUILD: attributes, which weights do not need
      case 'Q':
        push_persistent();
        return true;
      default:
        return false;
    }
  }

  std::string_view take(uint64_t size) {
    if (size > left_.size()) throw FileFlaw("holds a pickle that ends too early");
    const std::string_view bytes = left_.substr(0, size);
    left_.remove_prefix(size);
    return bytes;
  }

  uint64_t number(size_t size) {  // little-endian
    uint64_t value = 0;
    std::memcpy(&value, take(size).data(), size);
    return value;
  }

  std::string_view line() {
    const size_t end = left_.find('\n');
    if (end == left_.npos) broken();
    return take(end + 1).substr(0, end);
  }

  PickleValue& push(Kind kind) {
    if (values_.size() == kMaxValues)
      throw FileFlaw(fmt::format("holds a pickle of more than {} values", kMaxValues));
    PickleValue& value = values_.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return value;
  }

  void push_long(uint64_t size) {
    const std::string_view bytes = take(size);
    if (size > 8) {
      push(Kind::kOther);
      return;
    }
    uint64_t value = !bytes.empty() && (bytes.back() & 0x80) ? ~uint64_t{0} : 0;  // its sign
    std::memcpy(&value, bytes.data(), bytes.size());
    push(Kind::kInt).number = static_cast<int64_t>(value);
  }

  void push_float() {
    uint64_t bits = number(8);  // big-endian in the file
    push(Kind::kFloat).real = std::bit_cast<double>(__builtin_bswap64(bits));
  }

  void push_text(uint64_t size) {
    const std::string_view bytes = take(size);
    push(Kind::kText).text = bytes;
  }
  void push_bytes(uint64_t size) {
    take(size);
    push(Kind::kOther);
  }

  void push_items(Kind kind, std::vector<const PickleValue*> items) {
    push(kind).items = std::move(items);
  }

  void push_dict(std::vector<const PickleValue*> items) {
    if (items.size() % 2 != 0) broken();
    push_items(Kind::kDict, std::move(items));
  }

  void extend(Kind kind, const std::vector<const PickleValue*>& items) {
    PickleValue& target = *top();
    const bool is_dict = kind == Kind::kDict;
    if (!target.is(kind) && !(is_dict && target.is(Kind::kCall))) broken();
    if (is_dict && items.size() % 2 != 0) broken();
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  PickleValue* top() {
    if (stack_.size() <= floor()) broken();
    return stack_.back();
  }
  PickleValue* pop() {
    PickleValue* value = top();
    stack_.pop_back();
    return value;
  }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  std::vector<const PickleValue*> pop_many(size_t count) {
    if (stack_.size() - floor() < count) broken();
    std::vector<const PickleValue*> items(stack_.end() - static_cast<ptrdiff_t>(count),
                                          stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  std::vector<const PickleValue*> since_mark() {
    if (marks_.empty()) broken();
    std::vector<const PickleValue*> items = pop_many(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) broken();
    stack_.push_back(found->second);
  }

  void check_protocol(uint64_t version) {
    if (version < 2 || version > 5)
      throw FileFlaw(fmt::format("holds a pickle of the unknown protocol {}", version));
  }

  void push_listed_global() {
    const std::string_view module = line();
    push_global(module, line());
  }
  void push_named_global() {
    const auto names = pop_many(2);
    if (!names[0]->is(Kind::kText) || !names[1]->is(Kind::kText)) broken();
    push_global(names[0]->text, names[1]->text);
  }

  void push_global(std::string_view module, std::string_view name) {
    const auto found = std::ranges::find_if(allowed_, [&](std::string_view allowed) {
      return allowed.size() == module.size() + 1 + name.size() && allowed.starts_with(module) &&
             allowed[module.size()] == '.' && allowed.ends_with(name);
    });
    if (found == allowed_.end()) {
      throw FileFlaw(fmt::format("asks for {}, which is not executed",
                                 in_quotes(fmt::format("{}.{}", module, name))),
                     "Weights need no such thing. Save the bare state dict, or get the file from a "
                     "source that offers safetensors.");
    }
    push(Kind::kGlobal).text = *found;
  }

  void push_call() {
    const auto operands = pop_many(2);
    if (!operands[0]->is(Kind::kGlobal) || !operands[1]->is(Kind::kTuple)) broken();
    PickleValue& call = push(Kind::kCall);
    call.text = operands[0]->text;
    call.operand = operands[1];
  }

  void push_persistent() {
    const PickleValue* id = pop();
    push(Kind::kPersistent).operand = id;
  }

  [[noreturn]] static void broken() { throw FileFlaw("holds a damaged pickle"); }

  std::string_view left_;
  std::span<const std::string_view> allowed_;
  std::deque<PickleValue>& values_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleValue*> memo_;
};

}  // namespace

Pickle::Pickle(std::string_view text, std::span<const std::string_view> allowed)
    : top_(Machine(text, allowed, values_).run()) {}

}  // namespace vit
