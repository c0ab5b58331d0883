#include "vit/core/error.hpp"
#include "vit/data/crop_plan.hpp"
#include "vit/data/image_codec.hpp"

#include "resampler.hpp"
#include "tensorflow_bilinear.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace vit {
namespace detail {
namespace {

// Memory of a thread that is used again for every picture.
struct Workspace {
  Taps columns, rows;
  std::vector<uint8_t> lines;  // between the passes

  uint8_t* lines_of(int64_t bytes) {
    if (static_cast<int64_t>(lines.size()) < bytes) lines.resize(static_cast<size_t>(bytes));
    return lines.data();
  }
};

// Which axis goes first shows, because each pass rounds to 8 bits. Pillow 13 starts along y where
// the height shrinks by more than twice as many pixels as the width does (then that saves work);
// Pillow up to 12 always started along x.
bool y_goes_first(const Sampling& s) {
  if (!s.rows.changes()) return false;
  if (!s.columns.changes()) return true;
  const double lost_height = s.rows.length - static_cast<double>(s.rows.out);
  const double lost_width = s.columns.length - static_cast<double>(s.columns.out);
  return lost_height > 0 && lost_height > 2 * lost_width;
}

// Both axes, y before x: from rows of interleaved pixels to such rows, to the target.
void rows_then_columns(const Pixels& pixels, Workspace& work, const Raster& target,
                       const Kernels& kernels) {
  const Span used = work.columns.used();
  const int64_t bytes = used.count * pixels.channels;
  const int64_t height = work.rows.outputs();
  uint8_t* lines = work.lines_of(height * bytes);
  kernels.along_y(pixels.data + used.first * pixels.channels, pixels.stride, bytes, work.rows,
                  {lines, bytes, 0});
  work.columns.shift(-used.first);
  kernels.along_x({lines, bytes, height, used.count, pixels.channels, lines + height * bytes},
                  {0, height}, work.columns, target);
}

// Both axes, x before y. The target may be planar, the lines between are then, too.
void columns_then_rows(const Pixels& pixels, Workspace& work, const Raster& target,
                       const Kernels& kernels) {
  const Span used = work.rows.used();
  const int64_t width = work.columns.outputs();
  const int64_t planes = target.is_planar() ? pixels.channels : 1;
  const int64_t bytes = target.is_planar() ? width : width * pixels.channels;
  const int64_t plane = used.count * bytes;
  uint8_t* lines = work.lines_of(planes * plane);
  kernels.along_x(pixels, used, work.columns, {lines, bytes, target.is_planar() ? plane : 0});
  work.rows.shift(-used.first);
  for (int64_t c = 0; c < planes; ++c) {
    kernels.along_y(lines + c * plane, bytes, bytes, work.rows,
                    {target.data + c * target.plane_stride, target.row_stride, 0});
  }
}

void copy_window(const Pixels& pixels, const Box& window, const Raster& target) {
  const Pixels part = pixels.part(window);
  for (int64_t y = 0; y < window.height; ++y) {
    std::memcpy(target.data + y * target.row_stride, part.row(y),
                static_cast<size_t>(window.width * pixels.channels));
  }
}

}  // namespace

void resample(const Pixels& pixels, const Sampling& s, const Raster& target,
              const Kernels& kernels) {
  const bool along_y = s.rows.changes();
  if (s.interpolation == Interpolation::kBilinearTensorflow && (along_y || s.columns.changes()))
    return tensorflow_bilinear(pixels, s, target);
  // Mirroring and taking pixels apart are done on the way along x, if need be with weights of 1.
  const bool one_channel = pixels.channels == 1;
  const bool along_x = s.columns.changes() || s.mirrored || (target.is_planar() && !one_channel);
  if (!along_x && !along_y) return copy_window(pixels, s.window, target);

  thread_local Workspace work;
  const Span rows{s.window.top, s.window.height}, columns{s.window.left, s.window.width};
  // An axis that keeps its size has one tap of weight 1, whatever the filter.
  const auto filter = [&](const Axis& axis) {
    return axis.changes() ? s.interpolation : Interpolation::kBilinear;
  };
  if (along_x) make_taps(s.columns, columns, filter(s.columns), s.mirrored, work.columns);
  if (along_y) make_taps(s.rows, rows, filter(s.rows), false, work.rows);
  if (!along_y) return kernels.along_x(pixels, rows, work.columns, target);
  if (!along_x) {
    return kernels.along_y(pixels.data + columns.first * pixels.channels, pixels.stride,
                           columns.count * pixels.channels, work.rows, target);
  }
  if (y_goes_first(s)) return rows_then_columns(pixels, work, target, kernels);
  columns_then_rows(pixels, work, target, kernels);
}

Sampling sampling_of(const CropPlan& plan) {
  const auto axis = [](int64_t in, int64_t out) {
    return Axis{in, 0, static_cast<double>(in), out};
  };
  return {axis(plan.box.height, plan.size.height), axis(plan.box.width, plan.size.width),
          plan.window, plan.interpolation, plan.mirrored};
}

void check_plan(const CropPlan& plan, Extent image) {
  const auto inside = [](const Box& box, Extent extent) {
    return box.top >= 0 && box.left >= 0 && box.height > 0 && box.width > 0 &&
           box.top + box.height <= extent.height && box.left + box.width <= extent.width;
  };
  VIT_CHECK(inside(plan.box, image) && inside(plan.window, plan.size),
            "the box lies inside the image");
  if (plan.window.area() > kMaxPicturePixels) {
    throw DataError("resizing a picture of " + to_string(image) + " pixels (height x width) to " +
                    to_string(plan.size) + " would take too much memory");
  }
}

}  // namespace detail

Image apply_plan(const Image& image, const CropPlan& plan) {
  detail::check_plan(plan, image.extent());
  Image result(plan.window.height, plan.window.width, image.channels);
  detail::resample(detail::pixels_of(image).part(plan.box), detail::sampling_of(plan),
                   {result.pixels.data(), result.width * result.channels, 0}, detail::kernels());
  return result;
}

Image crop(const Image& image, const Box& box) {
  if (box == Box{0, 0, image.height, image.width}) return image;
  return apply_plan(image, crop_plan(box));
}

Image resize(const Image& image, Extent size, Interpolation interpolation) {
  return resize(image, {0, 0, image.height, image.width}, size, interpolation);
}

Image resize(const Image& image, const Box& box, Extent size, Interpolation interpolation) {
  return apply_plan(image, resize_plan(box, size, interpolation));
}

Image resize_then_crop(const Image& image, Extent size, const Box& window,
                       Interpolation interpolation) {
  CropPlan plan = resize_plan({0, 0, image.height, image.width}, size, interpolation);
  plan.window = window;
  return apply_plan(image, plan);
}

void flip_horizontally(Image& image) {
  for (int64_t y = 0; y < image.height; ++y) {
    uint8_t* left = image.row(y);
    uint8_t* right = left + (image.width - 1) * image.channels;
    for (; left < right; left += image.channels, right -= image.channels) {
      std::swap_ranges(left, left + image.channels, right);
    }
  }
}

}  // namespace vit
