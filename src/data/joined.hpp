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
