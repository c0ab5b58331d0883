// Pictures below a folder that tables list with their labels, however the tables are written.
#pragma once

#include "../label_table.hpp"
#include "class_labels.hpp"
#include "datasets.hpp"
#include "image_list.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vit {

// One table, read.
struct ReadTable {
  fs::path path;
  std::string split;  // of the lines that do not say theirs
  detail::LabelTable content;
};

class TableSource final : public DataSource {
 public:
  // Throws DataError naming file and line: a label that fits no class, no label, no split, a first
  // file that does not exist.
  TableSource(std::string kind, fs::path folder, const std::vector<ReadTable>& tables,
              std::vector<std::string> class_names);

  const DataInfo& info() const override { return info_; }
  bool sorted_by_class() const override { return true; }  // for all that is known
  std::vector<std::string> splits() const override { return splits_in_order(splits_); }
  std::unique_ptr<Dataset> open(const std::string& split) const override;

 private:
  void add(const ReadTable& table);
  void check_folder(const fs::path& table, const detail::TableLine& first) const;

  fs::path folder_;
  std::map<std::string, ImageList> splits_;  // their labels are handles
  ClassLabels labels_;
  DataInfo info_;
};

}  // namespace vit
