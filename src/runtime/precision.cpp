#include "vit/runtime/precision.hpp"

#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>

namespace vit {

AutocastGuard::AutocastGuard(at::Device device, Precision precision)
    : type_(device.type()), active_(precision == Precision::kBf16) {
  if (!active_) return;
  previous_enabled_ = at::autocast::is_autocast_enabled(type_);
  at::autocast::set_autocast_dtype(type_, at::kBFloat16);
  at::autocast::set_autocast_enabled(type_, true);
  at::autocast::increment_nesting();
}

AutocastGuard::~AutocastGuard() {
  if (!active_) return;
  // The casts of the weights are kept for one scope only: the optimizer changes the weights in
  // place.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(type_, previous_enabled_);
}

NoGrad::NoGrad() : previous_(c10::GradMode::is_enabled()) { c10::GradMode::set_enabled(false); }

NoGrad::~NoGrad() { c10::GradMode::set_enabled(previous_); }

}  // namespace vit
