// The list of data sets. To add one: a file in this folder, a line here, and (if it can be told by
// its content) a line in
// ../recognise.cpp.
#include "datasets.hpp"

namespace vit {

const Datasets::Catalog& Datasets::catalog() {
  static const Catalog all = [] {
    Catalog datasets("dataset");
    add_folder(datasets);
    add_idx(datasets);
    add_cifar(datasets);
    add_tar(datasets);
    add_tfrecord(datasets);
    add_csv(datasets);
    add_list(datasets);
    add_records(datasets);
    add_mixture(datasets);
    add_synthetic(datasets);
    return datasets;
  }();
  return all;
}

}  // namespace vit
