// k nearest neighbours by cosine similarity with votes of exp(s / 0.07), as the self-supervised
// literature scores frozen features (Wu et al. 2018, section 3.4; Caron et al. 2021, DINO). A plain
// majority would tie for small k.
// m queries, n examples, D features, K classes
#include "nearest.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>

namespace vit {
namespace {

at::Tensor unit_rows(const at::Tensor& x) {
  return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace

std::vector<at::Tensor> nearest_classes(const Features& known, const at::Tensor& queries,
                                        int64_t classes, const KnnConfig& config) {
  constexpr int64_t kMostSimilarities = int64_t{1} << 26;  // held at a time
  const int64_t n = known.values.size(0), m = queries.size(0);
  const int64_t rows = std::max<int64_t>(1, kMostSimilarities / std::max<int64_t>(1, n));
  const int64_t most = *std::max_element(config.k.begin(), config.k.end());
  const at::Tensor gallery = unit_rows(known.values).t();  // [D, n]

  std::vector<std::vector<at::Tensor>> parts(config.k.size());
  for (int64_t from = 0; from < m; from += rows) {
    const at::Tensor some = unit_rows(queries.slice(0, from, from + rows));
    const auto [similar, place] = at::matmul(some, gallery).topk(most, 1);  // [rows, most]
    // Relative to the nearest one, so that no temperature overflows.
    const at::Tensor votes = ((similar - similar.slice(1, 0, 1)) / config.temperature).exp();
    const at::Tensor voters = known.labels.index_select(0, place.flatten()).view_as(place);
    for (size_t i = 0; i < config.k.size(); ++i) {
      const at::Tensor sums =
          at::zeros({some.size(0), classes}, votes.options())
              .scatter_add(1, voters.slice(1, 0, config.k[i]), votes.slice(1, 0, config.k[i]));
      parts[i].push_back(sums.argmax(1));
    }
  }
  std::vector<at::Tensor> predictions;
  for (const auto& part : parts)
    predictions.push_back(part.empty() ? at::empty({0}, at::kLong) : at::cat(part));
  return predictions;
}

namespace {

class Knn final : public Probe {
 public:
  Knn(const KnnConfig& config, const ProbeData& data)
      : config_(config), classes_(static_cast<int64_t>(data.classes.size())) {
    for (int64_t i = 0; i < data.train.size(); ++i) {
      const int64_t label = data.train.label(i);
      if (label >= 0 && label < classes_) examples_.push_back(i);
    }
    const int64_t most = *std::max_element(config.k.begin(), config.k.end());
    if (most > static_cast<int64_t>(examples_.size())) {
      throw DataError(fmt::format(
          "{} neighbours are more than split '{}' has labelled examples: {}\nask for fewer "
          "neighbours, or learn from another split",
          most, data.split, examples_.size()));
    }
  }

  const std::vector<int64_t>& examples() const override { return examples_; }

  std::vector<ProbeResult> ask(const Features& train, const Features& test) const override {
    const Features known = labelled_rows(train), asked = labelled_rows(test);
    KnnConfig config = config_;  // pictures that could not be read may leave fewer than k
    for (int64_t& k : config.k) k = std::min(k, known.labels.numel());
    const auto predictions = nearest_classes(known, asked.values, classes_, config);
    std::vector<ProbeResult> results;
    for (size_t i = 0; i < predictions.size(); ++i) {
      const at::Tensor right = (predictions[i] == asked.labels).sum();
      results.push_back({{{"k", config_.k[i]}}, asked.labels.numel(), right.item<int64_t>()});
    }
    return results;
  }

 private:
  static Features labelled_rows(const Features& all) {
    const at::Tensor rows = (all.labels >= 0).nonzero().squeeze(1);
    return {all.values.index_select(0, rows), all.labels.index_select(0, rows)};
  }

  KnnConfig config_;
  int64_t classes_;
  std::vector<int64_t> examples_;
};

}  // namespace

void add_knn(Probes::Catalog& probes) {
  probes.add<KnnConfig>(
      "knn", "k nearest neighbours by cosine similarity (Wu et al. 2018, Caron et al. 2021).",
      [](const KnnConfig& config, const ProbeData& data) {
        return std::make_unique<Knn>(config, data);
      });
}

}  // namespace vit
