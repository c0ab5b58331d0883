// What the reader can tell beside the value.
#pragma once

#include "vit/config/document.hpp"
#include "vit/config/schema.hpp"

#include <map>
#include <string>

namespace vit::config {

// Reads into `value` and returns all problems. When asked for, `origins` gets the place of every
// key that was used: "optimizer.beta1" -> "my.yaml:3".
Problems read_collecting(const TypeInfo& type, void* value, const Document& document,
                         std::map<std::string, std::string>* origins = nullptr);

// Completes "unknown key" once the whole tree is known.
struct UnknownKey {
  Origin origin;
  std::string section;  // path of the section, "" at the top
  std::string key;
  std::vector<std::string> siblings;  // keys the section has
  std::string elsewhere;              // "'adam' does not have it, 'sgd' does", or ""
};
Problem describe_unknown(const UnknownKey& unknown, const std::vector<std::string>& all_keys);

}  // namespace vit::config
