#include "rules.hpp"

#include "vit/core/error.hpp"

#include "../misfit.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace vit {

namespace {

constexpr std::string_view kWeight = "weight", kBias = "bias";

// {}, {+1} or {+01} at the start of a pattern.
struct Placeholder {
  size_t length = 0;
  int64_t plus = 0;
  int digits = 1;
};

Placeholder placeholder_at(std::string_view pattern) {
  if (pattern.starts_with("{}")) return {2, 0, 1};
  if (pattern.starts_with("{+1}")) return {4, 1, 1};
  if (pattern.starts_with("{+01}")) return {5, 1, 2};
  return {};
}

// A tensor of ours on its way: whole, or what has been seen of its parts.
struct Target {
  std::string name;
  std::vector<at::Tensor> parts;
  std::string one_of_theirs;
};

class Importer {
 public:
  Importer(const Rules& rules, const std::string& source) : rules_(rules), source_(source) {}

  void take(NamedTensor entry);
  NamedTensors finish();

 private:
  void put(const Rule& rule, const Numbers& numbers, const NamedTensor& entry);
  void complete_biases();
  NamedTensor assemble(Target target) const;  // frees the parts
  at::Tensor zeros_for(const Target& target, size_t part) const;

  const Rules& rules_;
  const std::string& source_;
  std::vector<Target> targets_;
  std::unordered_map<std::string, size_t> index_;
};

void Importer::take(NamedTensor entry) {
  for (const Rule& rule : rules_.list()) {
    if (const auto numbers = match_pattern(rule.theirs, entry.name)) {
      return put(rule, *numbers, entry);
    }
  }
  put({entry.name, entry.name}, {}, entry);
}

void Importer::put(const Rule& rule, const Numbers& numbers, const NamedTensor& entry) {
  if (!has_rank_of(rule.form, entry.tensor)) {
    throw CheckpointError(
        fmt::format("weights '{}': {} is {}, which is not the kind of tensor its name stands for",
                    source_, entry.name, shape_text(entry.tensor.sizes())));
  }
  const std::string name = fill_pattern(rule.ours, numbers);
  const auto [found, is_new] = index_.emplace(name, targets_.size());
  if (is_new) targets_.push_back({name, std::vector<at::Tensor>(rule.parts), entry.name});
  Target& target = targets_[found->second];
  if (static_cast<int64_t>(target.parts.size()) != rule.parts ||
      target.parts[rule.part].defined()) {
    throw CheckpointError(fmt::format("weights '{}' give {} twice: as {} and as {}", source_, name,
                                      target.one_of_theirs, entry.name));
  }
  target.parts[rule.part] = to_ours(rule.form, entry.tensor);
}

// The values of a bias the file does without.
at::Tensor Importer::zeros_for(const Target& target, size_t part) const {
  if (target.name.ends_with(".bias")) {
    const std::string weight = target.name.substr(0, target.name.size() - kBias.size()) + "weight";
    const auto found = index_.find(weight);
    if (found != index_.end() && targets_[found->second].parts[part].defined()) {
      const at::Tensor& rows = targets_[found->second].parts[part];
      return at::zeros({rows.size(0)}, rows.options());
    }
  }
  throw CheckpointError(
      fmt::format("weights '{}' hold only some of the {} parts of {}: {} is there, others are not",
                  source_, target.parts.size(), target.name, target.one_of_theirs));
}

// A file without query-key-value biases, or with some only: zeros are the same network.
void Importer::complete_biases() {
  const size_t given = targets_.size();
  for (size_t i = 0; i < given; ++i) {
    const Target& target = targets_[i];
    if (target.parts.size() == 1 || !target.name.ends_with(".weight")) continue;
    const std::string bias = target.name.substr(0, target.name.size() - kWeight.size()) + "bias";
    if (index_.emplace(bias, targets_.size()).second) {
      const Target added{bias, std::vector<at::Tensor>(target.parts.size()), target.one_of_theirs};
      targets_.push_back(added);
    }
  }
  for (Target& target : targets_) {
    for (size_t part = 0; part < target.parts.size(); ++part) {
      if (!target.parts[part].defined()) target.parts[part] = zeros_for(target, part);
    }
  }
}

NamedTensor Importer::assemble(Target target) const {
  const std::vector<at::Tensor>& parts = target.parts;
  if (parts.size() == 1) return {target.name, parts.front()};
  for (const at::Tensor& part : parts) {
    if (part.dim() == 0 || part.sizes().slice(1) != parts[0].sizes().slice(1) ||
        part.scalar_type() != parts[0].scalar_type()) {
      throw CheckpointError(
          fmt::format("weights '{}': the parts of {} ({} and others) do not fit together", source_,
                      target.name, target.one_of_theirs));
    }
  }
  return {target.name, at::cat(parts)};
}

NamedTensors Importer::finish() {
  complete_biases();
  NamedTensors tensors;
  for (Target& target : targets_) tensors.push_back(assemble(std::move(target)));
  return tensors;
}

}  // namespace

Rules& Rules::tensor(const std::string& ours, const std::string& theirs, Form form) {
  list_.push_back({ours, theirs, form});
  return *this;
}

Rules& Rules::pair(const std::string& ours, const std::string& theirs, Suffixes suffixes,
                   Form weight, Form bias) {
  tensor(ours + ".weight", theirs + suffixes.weight, weight);
  return tensor(ours + ".bias", theirs + suffixes.bias, bias);
}

Rules& Rules::fused(const std::string& ours, const std::string& theirs,
                    const std::vector<const char*>& names, Suffixes suffixes, Form weight,
                    Form bias) {
  const auto parts = static_cast<int64_t>(names.size());
  for (int64_t i = 0; i < parts; ++i) {
    const std::string name = theirs + names[i];
    list_.push_back({ours + ".weight", name + suffixes.weight, weight, i, parts});
    list_.push_back({ours + ".bias", name + suffixes.bias, bias, i, parts});
  }
  return *this;
}

Rules& Rules::also_read(const Rules& more) {
  for (Rule rule : more.list_) {
    rule.import_only = true;
    list_.push_back(std::move(rule));
  }
  return *this;
}

std::optional<Numbers> match_pattern(std::string_view pattern, std::string_view name) {
  Numbers numbers;
  while (!pattern.empty()) {
    const Placeholder place = placeholder_at(pattern);
    if (place.length == 0) {
      if (name.empty() || name.front() != pattern.front()) return std::nullopt;
      pattern.remove_prefix(1);
      name.remove_prefix(1);
      continue;
    }
    int64_t number = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || number < place.plus) return std::nullopt;
    numbers.push_back(number - place.plus);
    name.remove_prefix(end - name.data());
    pattern.remove_prefix(place.length);
  }
  return name.empty() ? std::optional(numbers) : std::nullopt;
}

std::string fill_pattern(std::string_view pattern, const Numbers& numbers) {
  std::string name;
  size_t next = 0;
  while (!pattern.empty()) {
    const Placeholder place = placeholder_at(pattern);
    if (place.length == 0) {
      name += pattern.front();
      pattern.remove_prefix(1);
      continue;
    }
    VIT_CHECK(next < numbers.size(), "a pattern with more numbers than its counterpart");
    name += fmt::format("{:0{}}", numbers[next++] + place.plus, place.digits);
    pattern.remove_prefix(place.length);
  }
  return name;
}

NamedTensors import_by(const Rules& rules, NamedTensors file, const std::string& source) {
  Importer importer(rules, source);
  for (NamedTensor& entry : file) importer.take(std::move(entry));
  file.clear();
  return importer.finish();
}

NamedTensors export_by(const Rules& rules, const NamedTensors& ours, int64_t heads,
                       void (*refuse)(const std::string& name)) {
  NamedTensors theirs;
  for (const NamedTensor& entry : ours) {
    const size_t before = theirs.size();
    for (const Rule& rule : rules.list()) {
      const auto numbers = rule.import_only ? std::nullopt : match_pattern(rule.ours, entry.name);
      if (!numbers) continue;
      if (!has_our_rank(rule.form, entry.tensor) || (rule.parts > 1 && entry.tensor.dim() == 0)) {
        throw CheckpointError(
            fmt::format("{} is {}, which is not the kind of tensor its name stands "
                        "for: it cannot be written in another layout",
                        entry.name, shape_text(entry.tensor.sizes())));
      }
      const int64_t rows = rule.parts == 1 ? 0 : entry.tensor.size(0) / rule.parts;
      const at::Tensor part =
          rule.parts == 1 ? entry.tensor : entry.tensor.narrow(0, rule.part * rows, rows);
      theirs.push_back({fill_pattern(rule.theirs, *numbers), to_theirs(rule.form, part, heads)});
    }
    if (theirs.size() == before) refuse(entry.name);
  }
  return theirs;
}

}  // namespace vit
