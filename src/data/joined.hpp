// Several data sets as one, their examples one after the other. Private to the data library.
#pragma once

#include "vit/core/error.hpp"
#include "vit/data/dataset.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vit::detail {

class Joined final : public Dataset {
 public:
  explicit Joined(std::vector<std::unique_ptr<Dataset>> parts) : parts_(std::move(parts)) {
    for (const auto& part : parts_) ends_.push_back(size() + part->size());
  }

  int64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  int64_t label(int64_t index) const override {
    const Place at = find(index);
    return at.part->label(at.index);
  }
  Picture picture(int64_t index) const override {
    const Place at = find(index);
    return at.part->picture(at.index);
  }
  std::string name(int64_t index) const override {
    const Place at = find(index);
    return at.part->name(at.index);
  }
  std::string place(int64_t index) const override {
    const Place at = find(index);
    return at.part->place(at.index);
  }
  std::string version(int64_t index) const override {
    const Place at = find(index);
    return at.part->version(at.index);
  }

  // Parts count by their examples; what a part draws by shares keeps these within it.
  std::vector<Stratum> strata() const override {
    std::vector<Stratum> all;
    for (const auto& part : parts_) {
      const std::vector<Stratum> own = part->strata();
      double whole = 0;
      for (const Stratum& stratum : own) whole += stratum.share;
      for (const Stratum& stratum : own) {
        all.push_back({stratum.size, stratum.share / whole * static_cast<double>(part->size())});
      }
    }
    return all.size() == parts_.size() ? Dataset::strata() : all;
  }

 private:
  struct Place {
    const Dataset* part;
    int64_t index;
  };

  Place find(int64_t index) const {
    VIT_CHECK(index >= 0 && index < size(), "index out of range");
    const auto end = std::upper_bound(ends_.begin(), ends_.end(), index);
    const Dataset* part = parts_[static_cast<size_t>(end - ends_.begin())].get();
    return {part, index - (*end - part->size())};
  }

  std::vector<std::unique_ptr<Dataset>> parts_;
  std::vector<int64_t> ends_;
};

}  // namespace vit::detail
