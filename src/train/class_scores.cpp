#include "class_scores.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace vit {
namespace {

double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

struct Tally {
  int64_t n = 0, predicted = 0, right = 0;
  std::map<int64_t, int64_t> wrong;  // predictions for images of the class
};

ClassScore score_of(int64_t index, const Tally& tally) {
  ClassScore score{index,
                   tally.n,
                   ratio(tally.right, tally.predicted),
                   ratio(tally.right, tally.n),
                   0,
                   {tally.wrong.begin(), tally.wrong.end()}};
  const double sum = score.precision + score.recall;
  if (sum > 0) score.f1 = 2 * score.precision * score.recall / sum;
  std::ranges::stable_sort(score.confused_with, std::ranges::greater{},
                           &std::pair<int64_t, int64_t>::second);
  score.confused_with.resize(std::min<size_t>(2, score.confused_with.size()));
  return score;
}

}  // namespace

std::vector<ClassScore> score_classes(const std::vector<Prediction>& predictions) {
  std::map<int64_t, Tally> tallies;
  for (const Prediction& found : predictions) {
    if (found.label < 0) continue;
    Tally& own = tallies[found.label];
    ++own.n;
    if (found.predicted < 0) continue;
    ++tallies[found.predicted].predicted;
    if (found.label == found.predicted) {
      ++own.right;
    } else {
      ++own.wrong[found.predicted];
    }
  }
  std::vector<ClassScore> scores;
  for (const auto& [index, tally] : tallies) scores.push_back(score_of(index, tally));
  return scores;
}

ClassScore macro_mean(const std::vector<ClassScore>& scores) {
  ClassScore mean;
  const double n = std::max<double>(1, static_cast<double>(scores.size()));
  for (const ClassScore& score : scores) {
    mean.n += score.n;
    mean.precision += score.precision / n;
    mean.recall += score.recall / n;
    mean.f1 += score.f1 / n;
  }
  return mean;
}

std::vector<std::vector<int64_t>> confusion_matrix(const std::vector<Prediction>& predictions,
                                                   size_t classes) {
  std::vector<std::vector<int64_t>> counts(classes, std::vector<int64_t>(classes, 0));
  for (const Prediction& found : predictions) {
    if (found.label < 0 || found.predicted < 0) continue;
    ++counts[static_cast<size_t>(found.label)][static_cast<size_t>(found.predicted)];
  }
  return counts;
}

double calibration_error(const std::vector<Prediction>& predictions) {
  constexpr int kBins = 15;
  struct Bin {
    double right = 0, probability = 0;
  };
  std::array<Bin, kBins> bins;
  int64_t n = 0;
  for (const Prediction& found : predictions) {
    if (found.label < 0) continue;
    ++n;
    int at = 0;  // the upper end belongs to a bin
    while (at + 1 < kBins && found.probability > static_cast<double>(at + 1) / kBins) ++at;
    bins[static_cast<size_t>(at)].right += found.label == found.predicted ? 1 : 0;
    bins[static_cast<size_t>(at)].probability += found.probability;
  }
  double error = 0;
  for (const Bin& bin : bins) error += std::abs(bin.right - bin.probability);
  return n > 0 ? error / static_cast<double>(n) : 0.0;
}

}  // namespace vit
