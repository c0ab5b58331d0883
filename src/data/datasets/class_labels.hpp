// Labels that a data set holds as text, a number ("7") or a name ("cat"), and the class numbers
// they become once all have been seen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vit {

// Class names, one a line, in label order. Throws DataError for an empty or double one.
std::vector<std::string> read_class_names(const std::filesystem::path& file);

class ClassLabels {
 public:
  // A handle of the label, for number(); `where` is what errors call the place of the first use.
  int32_t add(std::string_view text, const std::string& split, const std::string& where);

  // To be called once, after the last add(). With `names`, labels are names among them or places
  // in them; without, either all are numbers (and the classes are called so) or all are names (the
  // classes are those of split "train", or of all splits when there is no such; sorted). Throws
  // DataError naming the place for a label that fits none of this.
  void resolve(std::vector<std::string> names);

  int64_t number(int32_t handle) const { return numbers_.at(static_cast<size_t>(handle)); }
  const std::vector<std::string>& classes() const { return classes_; }

 private:
  struct Label {
    std::string text, where;
    int64_t number = -1;  // what the text says; -1 when it is a name
    bool is_trained = false;
  };
  void resolve_numbers();
  void resolve_names();
  void look_up();

  std::vector<Label> labels_;
  std::unordered_map<std::string, int32_t> handles_;
  std::vector<int64_t> numbers_;
  std::vector<std::string> classes_;
};

}  // namespace vit
