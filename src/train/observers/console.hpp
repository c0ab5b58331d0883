// The console of a run that is part of a larger work, which prints the results itself.
#pragma once

#include "vit/train/observer.hpp"

#include <memory>

namespace vit {

enum class ResultTable { kPrinted, kLeftOut };

std::unique_ptr<Observer> console_observer(double seconds_between_lines, ResultTable result);

}  // namespace vit
