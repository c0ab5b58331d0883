// Which data set lies in a folder, told by its content. Where several fit, what holds the pictures
// themselves goes before what only lists them: a folder of class folders with a labels.csv beside
// them is an image tree, and data.name: csv asks for the table.
#include "vit/core/error.hpp"

#include "datasets/datasets.hpp"
#include "record_folder.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace vit {

std::string data_kind(const std::string& path) {
  const fs::path place(path);
  std::error_code unknown;
  if (fs::is_regular_file(place, unknown)) {
    if (holds_tars(place)) return "tar";
    if (holds_label_table(place)) return "csv";
    return holds_tfrecords(place) ? "tfrecord" : "";
  }
  if (!fs::is_directory(place, unknown)) return "";
  if (detail::is_record_folder(place)) return "records";
  if (holds_idx(place)) return "idx";
  if (holds_cifar(place)) return "cifar";
  if (holds_image_lists(place)) return "list";  // their pictures may lie in folders, too
  if (holds_image_tree(place)) {
    if (holds_label_table(place)) {
      spdlog::info(
          "'{}' holds class folders and a table of labels: the folders count; "
          "data.name=csv reads the table",
          path);
    }
    return "folder";
  }
  if (holds_tars(place)) return "tar";
  if (holds_tfrecords(place)) return "tfrecord";
  return holds_label_table(place) ? "csv" : "";
}

std::string recognise_data(const std::string& path) {
  const std::string kind = data_kind(path);
  if (!kind.empty()) return kind;
  require_folder(path);
  throw DataError(
      fmt::format("no data set found in '{0}'\n"
                  "looked for  {0}/train/<class>/*.{{jpg,jpeg,png,webp}} or "
                  "{0}/<class>/*.{{jpg,jpeg,png,webp}}\n"
                  "            {0}/train-images-idx3-ubyte[.gz] and its three companions (MNIST, "
                  "Fashion-MNIST)\n"
                  "            {0}/data_batch_1.bin (CIFAR-10) or {0}/train.bin (CIFAR-100)\n"
                  "            {0}/*.tar or {0}/train/*.tar (image trees or WebDataset samples)\n"
                  "            {0}/*.tfrecord or {0}/train-00000-of-01024 (TFRecords of "
                  "tf.train.Example)\n"
                  "            {0}/*.csv or {0}/*.tsv with the columns file and label\n"
                  "            {0}/*.txt with lines such as \"images/1.jpg 5\"\n"
                  "{1}",
                  path, found_in(path)));
}

}  // namespace vit
