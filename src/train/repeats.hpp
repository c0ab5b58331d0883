// Lists of settings that are each tried: one that is there twice would count twice.
#pragma once

#include <set>
#include <vector>

namespace vit {

template <class T>
bool has_repeats(const std::vector<T>& values) {
  return std::set<T>(values.begin(), values.end()).size() != values.size();
}

}  // namespace vit
