// The two plots of a study, with a point a run: accuracy against compute, and against data.
#pragma once

#include "plot.hpp"
#include "run_facts.hpp"

#include <string>
#include <vector>

namespace vit {

// Figure 5 of Dosovitskiy et al. 2021: best top-1, after transfer for instance, over the compute of
// the run and of those its weights came from, a colour a family of models. Runs from weights of
// unknown cost are left out.
Plot compute_plot(const std::vector<RunFacts>& runs);

// "not shown: a, b (why)" of the runs with a score that compute_plot() leaves out; "": none.
std::string left_out_of_compute(const std::vector<RunFacts>& runs);

// Figures 3 and 4: best top-1 (dashed: the first probe of the raw weights, few-shot for instance)
// over the images of the training set, a line a recipe (RunFacts::recipe). Runs of one recipe and
// number of images count as their mean. No series unless some recipe was trained on two sizes.
Plot data_plot(const std::vector<RunFacts>& runs);

}  // namespace vit
