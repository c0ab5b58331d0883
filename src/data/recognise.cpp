// Which data set lies in a folder, told by its content.
#include "vit/core/error.hpp"

#include "datasets/datasets.hpp"

#include <fmt/format.h>

namespace vit {

std::string recognise_data(const std::string& path) {
  const fs::path folder(path);
  require_folder(folder);
  if (holds_idx(folder)) return "idx";
  if (holds_cifar(folder)) return "cifar";
  if (holds_image_tree(folder)) return "folder";
  throw DataError(
      fmt::format("no data set found in '{0}'\n"
                  "looked for  {0}/train/<class>/*.{{jpg,jpeg,png,webp}} or "
                  "{0}/<class>/*.{{jpg,jpeg,png,webp}}\n"
                  "            {0}/train-images-idx3-ubyte[.gz] and its three companions (MNIST, "
                  "Fashion-MNIST)\n"
                  "            {0}/data_batch_1.bin (CIFAR-10) or {0}/train.bin (CIFAR-100)\n"
                  "{1}",
                  path, found_in(folder)));
}

}  // namespace vit
