#include "subset.hpp"

#include "vit/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vit::detail {

std::vector<Stratum> Subset::strata() const {
  std::vector<Stratum> strata = all_->strata();
  int64_t end = 0;
  auto next = members_.begin();
  for (size_t i = 0; i < strata.size(); ++i) {
    end += strata[i].size;
    const auto behind = std::lower_bound(next, members_.end(), end);
    strata[i].size = behind - next;
    next = behind;
    if (strata[i].size > 0) continue;
    throw DataError(fmt::format(
        "nothing is left of source {} of the mixture, which is to have a share of the training\n"
        "use more of the split: data.train, data.fraction, data.count and data.exclude take from "
        "all sources",
        i));
  }
  return strata;
}

}  // namespace vit::detail
