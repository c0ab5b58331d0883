// Which data set lies in a folder, told by its content.
#include "vit/core/error.hpp"

#include "datasets/datasets.hpp"
#include "record_folder.hpp"

#include <fmt/format.h>

namespace vit {

std::string recognise_data(const std::string& path) {
  const fs::path folder(path);
  std::error_code unknown;
  if (fs::is_regular_file(folder, unknown)) {
    if (holds_tars(folder)) return "tar";
    if (holds_label_table(folder)) return "csv";
    if (holds_tfrecords(folder)) return "tfrecord";
  }
  require_folder(folder);
  if (detail::is_record_folder(folder)) return "records";
  if (holds_idx(folder)) return "idx";
  if (holds_cifar(folder)) return "cifar";
  if (holds_image_lists(folder)) return "list";  // their pictures may lie in folders, too
  if (holds_image_tree(folder)) return "folder";
  if (holds_tars(folder)) return "tar";
  if (holds_tfrecords(folder)) return "tfrecord";
  if (holds_label_table(folder)) return "csv";
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
                  path, found_in(folder)));
}

}  // namespace vit
