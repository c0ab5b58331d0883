// Some of another data set's examples, in its order: `members` ascend. Private to the data library.
#pragma once

#include "vit/data/dataset.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vit::detail {

class Subset final : public Dataset {
 public:
  Subset(std::unique_ptr<Dataset> all, std::vector<int64_t> members)
      : all_(std::move(all)), members_(std::move(members)) {}

  int64_t size() const override { return static_cast<int64_t>(members_.size()); }
  int64_t label(int64_t index) const override { return all_->label(member(index)); }
  Picture picture(int64_t index) const override { return all_->picture(member(index)); }
  std::string name(int64_t index) const override { return all_->name(member(index)); }
  std::string place(int64_t index) const override { return all_->place(member(index)); }
  std::string version(int64_t index) const override { return all_->version(member(index)); }
  std::vector<Stratum> strata() const override;

 private:
  int64_t member(int64_t index) const { return members_.at(static_cast<size_t>(index)); }

  std::unique_ptr<Dataset> all_;
  std::vector<int64_t> members_;
};

}  // namespace vit::detail
