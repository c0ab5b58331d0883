// Which class of a model a class of the data is: for test sets that hold some of a model's classes,
// or name them otherwise (ImageNet-V2, -A, -R, folders of WordNet ids).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace vit {

// What a label map file says, in one of two forms. A table with a first line `class,index`: the
// model's class number for each class of the data, several to one if need be. Or a list with a line
// for each class of the model, in its order: the name, or a WordNet id with words behind it
// ("n01440764 tench, Tinca tinca").
struct LabelMap {
  std::vector<std::string> model_classes;             // of a list
  std::unordered_map<std::string, int64_t> index_of;  // by class of the data; of a list also by id
};

// Throws DataError naming file and line.
LabelMap read_label_map(const std::filesystem::path& file);

// The number that a name consists of; nothing for other names.
std::optional<int64_t> class_number(const std::string& name);

// Class names that are all numbers, but in the order of words ("10" before "2"), which is how
// folders named by class number go wrong: the place of the first that is greater than the next one.
// Nothing for other names, and for numbers in order.
std::optional<size_t> first_out_of_order(const std::vector<std::string>& names);

}  // namespace vit
