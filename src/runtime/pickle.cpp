#include "pickle.hpp"

#include "file_flaw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
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
    if (values_.size() == kMaxValues) too_many();
    PickleValue& value = values_.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return value;
  }

  void push_int(uint64_t value) { push(Kind::kInt).number = static_cast<int64_t>(value); }

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

  void push_float(uint64_t bits) {  // big-endian in the file
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

  void mark() { marks_.push_back(stack_.size()); }

  void memorize(uint64_t key) {
    if (memo_.size() == kMaxValues) too_many();
    memo_[key] = top();
  }
  void memorize_next() { memorize(memo_.size()); }
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

  void drop_attributes() {  // of the value below them; weights do not need them
    pop();
    top();
  }

  void push_persistent() {
    const PickleValue* id = pop();
    push(Kind::kPersistent).operand = id;
  }

  [[noreturn]] static void too_many() {
    throw FileFlaw(fmt::format("holds a pickle of more than {} values", kMaxValues));
  }
  [[noreturn]] static void broken() { throw FileFlaw("holds a damaged pickle"); }

 private:
  std::string_view left_;
  std::span<const std::string_view> allowed_;
  std::deque<PickleValue>& values_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleValue*> memo_;
};

// An instruction is a code, an operand of so many bytes, and what it does with it.
struct Instruction {
  uint8_t code;
  size_t operand_size;
  void (*act)(Machine& m, uint64_t n);
};

constexpr Instruction kInstructions[] = {
    {'N', 0, [](Machine& m, uint64_t) { m.push(Kind::kNone); }},              // NONE
    {0x88, 0, [](Machine& m, uint64_t) { m.push(Kind::kBool).number = 1; }},  // NEWTRUE
    {0x89, 0, [](Machine& m, uint64_t) { m.push(Kind::kBool); }},             // NEWFALSE
    {'J', 4,
     [](Machine& m, uint64_t n) {
       m.push(Kind::kInt).number = static_cast<int32_t>(n);
     }},                                                           // BININT
    {'K', 1, [](Machine& m, uint64_t n) { m.push_int(n); }},       // BININT1
    {'M', 2, [](Machine& m, uint64_t n) { m.push_int(n); }},       // BININT2
    {0x8a, 1, [](Machine& m, uint64_t n) { m.push_long(n); }},     // LONG1
    {0x8b, 4, [](Machine& m, uint64_t n) { m.push_long(n); }},     // LONG4
    {'G', 8, [](Machine& m, uint64_t n) { m.push_float(n); }},     // BINFLOAT
    {'X', 4, [](Machine& m, uint64_t n) { m.push_text(n); }},      // BINUNICODE
    {0x8c, 1, [](Machine& m, uint64_t n) { m.push_text(n); }},     // SHORT_BINUNICODE
    {0x8d, 8, [](Machine& m, uint64_t n) { m.push_text(n); }},     // BINUNICODE8
    {'T', 4, [](Machine& m, uint64_t n) { m.push_text(n); }},      // BINSTRING, of Python 2
    {'U', 1, [](Machine& m, uint64_t n) { m.push_text(n); }},      // SHORT_BINSTRING
    {'B', 4, [](Machine& m, uint64_t n) { m.push_bytes(n); }},     // BINBYTES
    {'C', 1, [](Machine& m, uint64_t n) { m.push_bytes(n); }},     // SHORT_BINBYTES
    {0x8e, 8, [](Machine& m, uint64_t n) { m.push_bytes(n); }},    // BINBYTES8
    {0x96, 8, [](Machine& m, uint64_t n) { m.push_bytes(n); }},    // BYTEARRAY8
    {')', 0, [](Machine& m, uint64_t) { m.push(Kind::kTuple); }},  // EMPTY_TUPLE
    {0x85, 0, [](Machine& m, uint64_t) { m.push_items(Kind::kTuple, m.pop_many(1)); }},  // TUPLE1
    {0x86, 0, [](Machine& m, uint64_t) { m.push_items(Kind::kTuple, m.pop_many(2)); }},  // TUPLE2
    {0x87, 0, [](Machine& m, uint64_t) { m.push_items(Kind::kTuple, m.pop_many(3)); }},  // TUPLE3
    {'t', 0, [](Machine& m, uint64_t) { m.push_items(Kind::kTuple, m.since_mark()); }},  // TUPLE
    {']', 0, [](Machine& m, uint64_t) { m.push(Kind::kList); }},  // EMPTY_LIST
    {'l', 0, [](Machine& m, uint64_t) { m.push_items(Kind::kList, m.since_mark()); }},  // LIST
    {'a', 0, [](Machine& m, uint64_t) { m.extend(Kind::kList, m.pop_many(1)); }},       // APPEND
    {'e', 0, [](Machine& m, uint64_t) { m.extend(Kind::kList, m.since_mark()); }},      // APPENDS
    {0x8f, 0, [](Machine& m, uint64_t) { m.push(Kind::kList); }},                       // EMPTY_SET
    {0x90, 0, [](Machine& m, uint64_t) { m.extend(Kind::kList, m.since_mark()); }},     // ADDITEMS
    {0x91, 0,
     [](Machine& m, uint64_t) { m.push_items(Kind::kList, m.since_mark()); }},      // FROZENSET
    {'}', 0, [](Machine& m, uint64_t) { m.push(Kind::kDict); }},                    // EMPTY_DICT
    {'d', 0, [](Machine& m, uint64_t) { m.push_dict(m.since_mark()); }},            // DICT
    {'s', 0, [](Machine& m, uint64_t) { m.extend(Kind::kDict, m.pop_many(2)); }},   // SETITEM
    {'u', 0, [](Machine& m, uint64_t) { m.extend(Kind::kDict, m.since_mark()); }},  // SETITEMS
    {'q', 1, [](Machine& m, uint64_t n) { m.memorize(n); }},                        // BINPUT
    {'r', 4, [](Machine& m, uint64_t n) { m.memorize(n); }},                        // LONG_BINPUT
    {0x94, 0, [](Machine& m, uint64_t) { m.memorize_next(); }},                     // MEMOIZE
    {'h', 1, [](Machine& m, uint64_t n) { m.recall(n); }},                          // BINGET
    {'j', 4, [](Machine& m, uint64_t n) { m.recall(n); }},                          // LONG_BINGET
    {'(', 0, [](Machine& m, uint64_t) { m.mark(); }},                               // MARK
    {'0', 0, [](Machine& m, uint64_t) { m.pop(); }},                                // POP
    {'1', 0, [](Machine& m, uint64_t) { m.since_mark(); }},                         // POP_MARK
    {0x80, 1, [](Machine& m, uint64_t n) { m.check_protocol(n); }},                 // PROTO
    {0x95, 8, [](Machine&, uint64_t) {}},  // FRAME: how much to read at once
    {'c', 0, [](Machine& m, uint64_t) { m.push_listed_global(); }},  // GLOBAL
    {0x93, 0, [](Machine& m, uint64_t) { m.push_named_global(); }},  // STACK_GLOBAL
    {'R', 0, [](Machine& m, uint64_t) { m.push_call(); }},           // REDUCE
    {0x81, 0, [](Machine& m, uint64_t) { m.push_call(); }},          // NEWOBJ
    {'b', 0, [](Machine& m, uint64_t) { m.drop_attributes(); }},     // BUILD
    {'Q', 0, [](Machine& m, uint64_t) { m.push_persistent(); }},     // BINPERSID
};

constexpr uint8_t kStop = '.';

const PickleValue* run(Machine machine) {
  for (;;) {
    const auto code = static_cast<uint8_t>(machine.number(1));
    if (code == kStop) return machine.pop();
    const auto* found = std::ranges::find(kInstructions, code, &Instruction::code);
    if (found == std::end(kInstructions)) {
      throw FileFlaw(
          fmt::format("holds a pickle with the instruction 0x{:02x}, which no weights need", code));
    }
    found->act(machine, machine.number(found->operand_size));
  }
}

}  // namespace

Pickle::Pickle(std::string_view text, std::span<const std::string_view> allowed)
    : top_(run({text, allowed, values_})) {}

}  // namespace vit
