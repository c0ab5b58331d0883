// The table of a layout: which tensor of a file is which of ours, and how it is stored there. One
// table serves both directions.
//
// Patterns hold numbers as {}. A file may count from one: {+1}, and in two digits: {+01}.
#pragma once

#include "vit/runtime/named_tensor.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vit {

// How a file stores a tensor. H heads of d channels each.
enum class Form {
  kSame,
  kFlat,           // any shape of as many values as our vector
  kDense,          // [in, out]; ours [out, in]
  kConv,           // [h, w, in, out]; ours [out, in, h, w]
  kHeadConv,       // [in, out]; ours [out, in, 1, 1]
  kProjection,     // [in, H, d]; ours [H * d, in]
  kHeadsVector,    // [H, d]; ours [H * d]
  kHeadsToOutput,  // [H, d, out]; ours [out, H * d]
};

struct Rule {
  std::string ours, theirs;
  Form form = Form::kSame;
  int64_t part = 0, parts = 1;  // theirs is this one of several equal parts of our rows
  bool import_only = false;     // another spelling
};

class Rules {
 public:
  // ours + ".weight" and ".bias" are called theirs + weight and theirs + bias.
  struct Suffixes {
    const char *weight, *bias;
  };
  Rules& tensor(const std::string& ours, const std::string& theirs, Form form = Form::kSame);
  Rules& pair(const std::string& ours, const std::string& theirs, Suffixes suffixes,
              Form weight = Form::kSame, Form bias = Form::kSame);
  // Our rows are those of theirs + names[0], names[1], ...
  Rules& fused(const std::string& ours, const std::string& theirs,
               const std::vector<const char*>& names, Suffixes suffixes, Form weight = Form::kSame,
               Form bias = Form::kSame);
  // What `more` says is read, but not written.
  Rules& also_read(const Rules& more);

  const std::vector<Rule>& list() const { return list_; }

 private:
  std::vector<Rule> list_;
};

using Numbers = std::vector<int64_t>;
std::optional<Numbers> match_pattern(std::string_view pattern, std::string_view name);
std::string fill_pattern(std::string_view pattern, const Numbers& numbers);

// Entries of `file` under our names; those without a rule keep theirs. Throws CheckpointError.
NamedTensors import_by(const Rules& rules, NamedTensors file, const std::string& source);

// A tensor nobody has a rule for is passed to `refuse`, which throws.
NamedTensors export_by(const Rules& rules, const NamedTensors& ours, int64_t heads,
                       void (*refuse)(const std::string& name));

// One tensor each way; `theirs` must have the rank of its form.
bool has_rank_of(Form form, const at::Tensor& theirs);
bool has_our_rank(Form form, const at::Tensor& ours);
at::Tensor to_ours(Form form, const at::Tensor& theirs);
at::Tensor to_theirs(Form form, const at::Tensor& ours, int64_t heads);

}  // namespace vit
