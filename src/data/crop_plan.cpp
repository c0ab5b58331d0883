#include "vit/data/crop_plan.hpp"

#include "vit/core/error.hpp"

namespace vit {

CropPlan whole_plan(Extent image) { return crop_plan({0, 0, image.height, image.width}); }

CropPlan crop_plan(const Box& box) {
  return resize_plan(box, {box.height, box.width}, Interpolation::kBilinear);
}

CropPlan resize_plan(const Box& box, Extent size, Interpolation interpolation) {
  return {box, size, {0, 0, size.height, size.width}, interpolation, false};
}

namespace {

// `part` of the plan's result, as a part of what the plan resizes to.
Box within(const CropPlan& plan, const Box& part) {
  const int64_t left = plan.mirrored ? plan.window.width - part.left - part.width : part.left;
  return {plan.window.top + part.top, plan.window.left + left, part.height, part.width};
}

}  // namespace

std::optional<CropPlan> followed_by(const CropPlan& first, const CropPlan& next) {
  const Box kept = {next.box.top + next.window.top, next.box.left + next.window.left,
                    next.window.height, next.window.width};
  CropPlan both = first;
  if (!next.resizes()) {
    both.window = within(first, kept);
    both.mirrored = first.mirrored != next.mirrored;
    // A plan that only cuts has one form: the box is what is kept.
    if (first.resizes()) return both;
    CropPlan cut = crop_plan({first.box.top + both.window.top, first.box.left + both.window.left,
                              both.window.height, both.window.width});
    cut.mirrored = both.mirrored;
    return cut;
  }
  // The weights of a mirrored picture need not be the mirrored weights to the last bit.
  if (first.resizes() || first.mirrored) return std::nullopt;
  both = next;
  const Box seen = within(first, next.box);
  both.box = {first.box.top + seen.top, first.box.left + seen.left, seen.height, seen.width};
  return both;
}

}  // namespace vit
