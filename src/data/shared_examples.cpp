#include "vit/data/shared_examples.hpp"

#include <string>
#include <unordered_set>

namespace vit {

int64_t shared_examples(const Dataset& a, const Dataset& b) {
  std::unordered_set<std::string> names;
  for (int64_t i = 0; i < a.size(); ++i) names.insert(a.name(i));
  int64_t shared = 0;
  for (int64_t i = 0; i < b.size(); ++i) shared += names.contains(b.name(i)) ? 1 : 0;
  return shared;
}

}  // namespace vit
