// What probes found, for people: means over the seeds.
#pragma once

#include "vit/train/probe_result.hpp"

#include "train/spread.hpp"

#include <string>
#include <utility>
#include <vector>

namespace vit {

struct ProbeSummary {
  std::vector<ProbeSetting> settings;  // all but the seed
  int64_t n = 0;                       // examples asked about
  double count = 0;                    // of them right: the mean
  Spread top1;
};

// Of the same names and values.
bool same(const std::vector<ProbeSetting>& a, const std::vector<ProbeSetting>& b);

// One entry for every choice of the other settings, in the order they first appear.
std::vector<ProbeSummary> over_seeds(const std::vector<ProbeResult>& results);

// "shots 10 l2 1024", with ' ' and ' ' as given here.
std::string settings_text(const std::vector<ProbeSetting>& settings, const char* between = " ",
                          const char* within = " ");

// A table for each probe; `answers` by name of the weights ("raw", "average").
std::string probe_tables(
    const std::vector<std::pair<std::string, std::vector<ProbeAnswer>>>& answers);

}  // namespace vit
