#include "vit/data/labelled_files.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "around.hpp"
#include "label_table.hpp"
#include "listed_files.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace vit {
namespace {

// The class number in a line, -1 for none.
int64_t label_in(const detail::TableLine& line, const fs::path& csv) {
  if (line.label.empty()) return -1;
  int64_t number = -1;
  const char* end = line.label.data() + line.label.size();
  const auto [stop, error] = std::from_chars(line.label.data(), end, number);
  if (error != std::errc() || stop != end || number < -1 ||
      number > std::numeric_limits<int32_t>::max()) {
    detail::bad_line(csv, line.number,
                     fmt::format("has the label '{}', which is no class number", line.label));
  }
  return number;
}

class Relabelled final : public detail::Around {
 public:
  Relabelled(std::unique_ptr<Dataset> inner, std::vector<int64_t> labels)
      : Around(std::move(inner)), labels_(std::move(labels)) {}

  int64_t label(int64_t index) const override {
    const int64_t own = inner().label(index);
    return own < 0 ? own : labels_.at(static_cast<size_t>(own));
  }

 private:
  std::vector<int64_t> labels_;
};

}  // namespace

std::unique_ptr<Dataset> open_labelled_files(const fs::path& folder, const fs::path& csv) {
  ImageList files;
  for (const detail::TableLine& line : detail::read_label_table(csv).lines) {
    files.add(line.file, label_in(line, csv));
  }
  return std::make_unique<detail::ListedFiles>(folder, std::move(files));
}

std::unique_ptr<Dataset> relabelled(std::unique_ptr<Dataset> dataset, std::vector<int64_t> labels) {
  return std::make_unique<Relabelled>(std::move(dataset), std::move(labels));
}

}  // namespace vit
