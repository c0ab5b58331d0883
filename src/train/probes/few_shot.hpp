// Which examples a few-shot probe learns from.
#pragma once

#include <cstdint>
#include <vector>

namespace vit {

// The examples of each class in the order in which they are taken: [class][place in the split].
// Taking more of them keeps those taken before.
using ClassOrder = std::vector<std::vector<int64_t>>;

// In the order of the split; labels outside {0, .., classes-1} are left out.
ClassOrder grouped_by_class(const std::vector<int64_t>& labels, int64_t classes);

// As big_vision's fewshot_lsr shuffles: one numpy.random.default_rng(seed), a permutation for each
// class in ascending order.
ClassOrder shuffled(ClassOrder order, uint64_t seed);

// The first `shots` of every class, or all of those that have fewer; class after class.
std::vector<int64_t> first_of_each(const ClassOrder& order, int64_t shots);

}  // namespace vit
