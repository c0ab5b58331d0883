// The data in a Python pickle (protocols 2 to 5), as a tree to look at. Nothing is executed: where
// the pickle asks for a function to be called, the tree has the function's name and arguments, and
// a name that the reader did not allow ends the reading.
//
// Values refer to one another as Python's do, in circles if the file says so: walk to a known
// depth. Time and memory are bounded by the length of the text.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

namespace vit {

struct PickleValue {
  enum class Kind {
    kNone,
    kBool,    // number
    kInt,     // number
    kFloat,   // real
    kText,    // text
    kTuple,   // items
    kList,    // items; sets as well
    kDict,    // items: key, value, key, value, ...
    kGlobal,  // text: "module.name"
    kCall,    // text: the function; operand: its arguments; items: as a dictionary's, put in later
    kPersistent,  // operand: what identifies data outside the pickle
    kOther,       // bytes, and numbers too long for a machine word
  };
  Kind kind = Kind::kNone;
  int64_t number = 0;
  double real = 0;
  std::string_view text;
  const PickleValue* operand = nullptr;
  std::vector<const PickleValue*> items;

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_call(std::string_view function) const { return kind == Kind::kCall && text == function; }
};

class Pickle {
 public:
  // `text` and `allowed`, the "module.name" of all that may be mentioned, must outlive this. Throws
  // FileFlaw.
  Pickle(std::string_view text, std::span<const std::string_view> allowed);

  const PickleValue& top() const { return *top_; }

 private:
  std::deque<PickleValue> values_;
  const PickleValue* top_ = nullptr;
};

}  // namespace vit
