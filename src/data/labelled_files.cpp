#include "vit/data/labelled_files.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace vit {
namespace {

// Fields of one CSV line; quotes may hold commas and doubled quotes (RFC 4180, without line breaks
// in a field).
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

struct LabelledFile {
  std::string file;
  int64_t label;
};

class LabelTable {
 public:
  explicit LabelTable(const fs::path& csv) : csv_(csv) {}

  std::vector<LabelledFile> read() {
    const std::string text = read_text(csv_);
    std::vector<LabelledFile> found;
    for (std::string_view rest = text; !rest.empty();) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++line_;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line_ == 1) {
        if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
        read_header(fields_of(line));
      } else if (!line.empty()) {
        found.push_back(entry(fields_of(line)));
      }
    }
    if (found.empty()) throw DataError("label file '" + csv_.string() + "' lists no images");
    return found;
  }

 private:
  void read_header(const std::vector<std::string>& names) {
    const auto column = [&](const char* name) {
      const auto at = std::find(names.begin(), names.end(), name);
      if (at == names.end()) {
        throw DataError("label file '" + csv_.string() + "' has no column '" + name +
                        "'\nits first line must name the columns: file,label");
      }
      return static_cast<size_t>(at - names.begin());
    };
    file_column_ = column("file");
    label_column_ = column("label");
  }

  LabelledFile entry(const std::vector<std::string>& fields) const {
    if (fields.size() <= std::max(file_column_, label_column_)) fail("has too few columns");
    const std::string& label = fields[label_column_];
    int64_t number = -1;
    const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
    if (!label.empty() &&
        (error != std::errc() || end != label.data() + label.size() || number < -1)) {
      fail("has the label '" + label + "', which is no class number");
    }
    return {fields[file_column_], number};
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError("label file " + csv_.string() + ":" + std::to_string(line_) + ": this line " +
                    what);
  }

  fs::path csv_;
  int64_t line_ = 0;
  size_t file_column_ = 0, label_column_ = 0;
};

class LabelledFiles final : public Dataset {
 public:
  LabelledFiles(fs::path folder, std::vector<LabelledFile> files)
      : folder_(std::move(folder)), files_(std::move(files)) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  int64_t label(int64_t index) const override { return at(index).label; }
  std::string name(int64_t index) const override { return at(index).file; }
  Picture picture(int64_t index) const override { return read_picture(folder_ / at(index).file); }

 private:
  const LabelledFile& at(int64_t index) const { return files_.at(static_cast<size_t>(index)); }
  fs::path folder_;
  std::vector<LabelledFile> files_;
};

class Relabelled final : public Dataset {
 public:
  Relabelled(std::unique_ptr<Dataset> inner, std::vector<int64_t> labels)
      : inner_(std::move(inner)), labels_(std::move(labels)) {}

  int64_t size() const override { return inner_->size(); }
  int64_t label(int64_t index) const override {
    const int64_t own = inner_->label(index);
    return own < 0 ? own : labels_.at(static_cast<size_t>(own));
  }
  Picture picture(int64_t index) const override { return inner_->picture(index); }
  std::string name(int64_t index) const override { return inner_->name(index); }

 private:
  std::unique_ptr<Dataset> inner_;
  std::vector<int64_t> labels_;
};

}  // namespace

std::unique_ptr<Dataset> open_labelled_files(const fs::path& folder, const fs::path& csv) {
  return std::make_unique<LabelledFiles>(folder, LabelTable(csv).read());
}

std::unique_ptr<Dataset> relabelled(std::unique_ptr<Dataset> dataset, std::vector<int64_t> labels) {
  return std::make_unique<Relabelled>(std::move(dataset), std::move(labels));
}

}  // namespace vit
