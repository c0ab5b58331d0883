// A data set around another one, of which it changes something: what a class overrides. All else
// is passed on. Private to the data library.
#pragma once

#include "vit/data/dataset.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vit::detail {

class Around : public Dataset {
 public:
  explicit Around(std::unique_ptr<Dataset> inner) : inner_(std::move(inner)) {}

  int64_t size() const override { return inner_->size(); }
  int64_t label(int64_t index) const override { return inner_->label(index); }
  Picture picture(int64_t index) const override { return inner_->picture(index); }
  std::string name(int64_t index) const override { return inner_->name(index); }
  std::string place(int64_t index) const override { return inner_->place(index); }
  std::string version(int64_t index) const override { return inner_->version(index); }
  std::vector<Stratum> strata() const override { return inner_->strata(); }

 protected:
  const Dataset& inner() const { return *inner_; }

 private:
  std::unique_ptr<Dataset> inner_;
};

}  // namespace vit::detail
