// What is taken out of the training split: the examples of data.exclude, then all but a random
// subset.
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/random.hpp"
#include "vit/core/text.hpp"
#include "vit/data/dataset.hpp"

#include "subset.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

namespace vit {
namespace {

std::unordered_set<std::string> read_names(const fs::path& file) {
  const std::string text = read_text(file);
  std::unordered_set<std::string> names;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) names.emplace(line);
  }
  return names;
}

// The examples that `file` does not name.
std::vector<int64_t> others(const Dataset& all, const fs::path& file) {
  std::unordered_set<std::string> names = read_names(file);
  const size_t listed = names.size();
  std::unordered_set<std::string> found;
  std::vector<int64_t> members;
  for (int64_t i = 0; i < all.size(); ++i) {
    std::string name = all.name(i);
    names.contains(name) ? void(found.insert(std::move(name))) : members.push_back(i);
  }
  if (members.empty()) {
    throw DataError(fmt::format("data.exclude '{}' leaves nothing to train on", file.string()));
  }
  if (listed > 0 && found.empty()) {
    throw DataError(
        fmt::format("data.exclude '{}' lists {} names, none of which is in the training split\n"
                    "names are like '{}'",
                    file.string(), grouped(static_cast<int64_t>(listed)), all.name(0)));
  }
  if (found.size() < listed) {
    spdlog::warn("data.exclude '{}': {} of {} names are not in the training split", file.string(),
                 listed - found.size(), listed);
  }
  return members;
}

// So many of `size` places: the first of a shuffled order, so that fewer are always among more.
std::vector<int64_t> random_places(int64_t count, int64_t size, int64_t seed) {
  const Random key = Random(static_cast<uint64_t>(seed)).stream("subset");
  std::vector<int64_t> places(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) places[static_cast<size_t>(i)] = permuted(i, size, key);
  std::sort(places.begin(), places.end());
  return places;
}

int64_t wanted(const DataCommon& common, int64_t size) {
  if (common.count > size) {
    throw DataError(fmt::format("data.count is {}, but the training split has {} examples",
                                common.count, size));
  }
  if (common.count > 0) return common.count;
  const auto part = std::llround(common.fraction * static_cast<double>(size));
  return std::clamp<int64_t>(part, 1, size);
}

}  // namespace

std::unique_ptr<Dataset> open_training_split(const DataSource& source, const std::string& split,
                                             const DataCommon& common) {
  std::unique_ptr<Dataset> all = open_split(source, split);
  if (!common.exclude.empty()) {
    std::vector<int64_t> members = others(*all, common.exclude);
    all = std::make_unique<detail::Subset>(std::move(all), std::move(members));
  }
  const int64_t size = all->size(), count = wanted(common, size);
  if (count == size) return all;
  return std::make_unique<detail::Subset>(std::move(all),
                                          random_places(count, size, common.subset_seed));
}

}  // namespace vit
