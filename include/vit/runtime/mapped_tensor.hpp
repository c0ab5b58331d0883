// Tensors whose memory is a read-only map of a weight file: what TensorFile and the readers of
// other containers return where the file's layout allows it.
#pragma once

#include <ATen/core/Tensor.h>

namespace vit {

// To be called after copying out of such a tensor: gives its part of the file back to the system,
// so that loading a model needs memory for one copy, not two. The tensor stays valid; it is read
// from the file again when somebody looks. Does nothing to any other memory.
void release_pages(const at::Tensor& tensor);

}  // namespace vit
