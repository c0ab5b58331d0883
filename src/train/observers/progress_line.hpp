// How training stands, in one line: for the status line of a terminal, for a line that stays there,
// for a log. Pure functions of the facts, so that tests can look at any width.
#pragma once

#include "vit/train/observer.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vit {

struct TrainingStatus {
  Progress at;
  double lr = 0;
  std::optional<TrainReport> report;  // the newest one
  double eta_s = 0;                   // counted down since that report
};

// "  ep 2/3 [bar]  49%   688/1404  loss 0.834  lr 5.6e-04  1.7k img/s  data  1%  ETA 1:03": bar and
// percent are of the whole run, as is the step. Never wider than columns - 1 (a full line would
// wrap); lr, rate, bar, data, percent ... go first.
std::string status_line(const TrainingStatus& status, int columns);

// "  evaluating [bar]  47%  4700/10000".
std::string evaluation_status_line(int64_t done, int64_t total, int columns);

// "  ep 1/3  step  468/1404  loss 0.907  lr 8.0e-04  1.7k img/s  data  1%  0:36", which stays above
// an evaluation; the report holds means since the line before.
std::string kept_line(const TrainReport& report, double seconds);

// "ep 2/3 step 688/1404 (49.0%) loss 0.834 lr 5.6e-04 gnorm 0.88 1744 img/s data 1% mem 0.4G eta
// 1:03"
std::string log_line(const TrainReport& report);
// The same before there is a report: "ep 1/3 step 12/1404 (0.9%) lr 5.6e-04".
std::string log_line(const Progress& at, double lr);

// "top-1 81.24  top-5 99.20  loss 0.561", with `gap` between.
std::string scores(const EvalReport& report, const char* gap);

std::string loss_text(double loss);

}  // namespace vit
