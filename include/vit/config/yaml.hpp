// A part of a configuration whose keys are the user's own, so that no struct can describe it: kept
// as it was written, with the place of everything in it.
#pragma once

#include "vit/config/problems.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vit::config {

struct Node;  // src/config/node.hpp

class Yaml {
 public:
  enum class Kind { kNothing, kScalar, kList, kMap };

  Yaml() = default;
  explicit Yaml(const Node& node);  // all layers of it, the upper ones first

  Kind kind() const;
  // One line that reads back to the same value: "0.01", "[1, 2]", "{name: ema, decay: 0.9}".
  std::string text() const;
  std::string scalar() const;  // the bare words of a scalar, "" for everything else
  std::string what() const;    // "'0.01'", "a list", "keys and values", "nothing"

  std::vector<Yaml> items() const;                            // of a list
  std::vector<std::pair<std::string, Yaml>> entries() const;  // of a map, as they were written

  Origin origin() const;
  std::filesystem::path folder() const;  // where relative paths in it start; "": where we are

 private:
  std::shared_ptr<const Node> node_;  // null: nothing
};

}  // namespace vit::config
