#include "sketches.hpp"

#include "vit/core/error.hpp"
#include "vit/core/log.hpp"
#include "vit/core/random.hpp"
#include "vit/core/stopwatch.hpp"
#include "vit/core/text.hpp"
#include "vit/data/transform.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace vit::detail {
namespace {

PictureSet open_set(const DataSource& source, const std::string& split, const std::string& section,
                    const DataSection& data) {
  PictureSet set{split, section, data.common(), open_split(source, split)};
  if (set.pictures->size() > 0) return set;
  throw DataError(
      fmt::format("split '{}' of {} has no pictures: there is nothing to compare", split, section));
}

struct Splits {
  std::string judged;
  std::vector<std::string> tests;
};

// What the request leaves open: all splits but that of training are tested against.
Splits choose_splits(const DedupRequest& request, const SetsToCompare& sets) {
  const DataCommon& common = request.config.data.common();
  Splits splits{request.split.empty() ? common.train : request.split, request.test_splits};
  const std::string judged = splits.judged.empty() ? "train" : splits.judged;
  if (splits.tests.empty() && sets.test_source) {
    splits.tests = sets.test_source->splits();
    if (splits.tests.size() > 1) std::erase(splits.tests, "train");
  } else if (splits.tests.empty() && !request.within) {
    splits.tests = sets.source->splits();
    std::erase(splits.tests, judged.substr(0, judged.find('[')));
    if (splits.tests.empty()) {  // divided as a run would divide it
      const SplitNames names = resolve_splits(*sets.source, splits.judged, common.val);
      return {names.train, {names.val}};
    }
  }
  return {judged, splits.tests};
}

void refuse_itself(const std::string& test_split, const std::string& split) {
  if (test_split != split) return;
  throw ConfigError(
      fmt::format("both sides are the split '{}' of the same data\n--within finds copies within "
                  "one split; parts can be compared, as in --test-split 'train[90%:]'",
                  split));
}

void name_unreadable(const Loader& loader) {
  const std::vector<std::string> names = loader.skipped_names();
  const int64_t more = loader.skipped() - static_cast<int64_t>(names.size());
  for (const std::string& name : names) spdlog::warn("dedup: left out: {}", name);
  if (more > 0) spdlog::warn("dedup: left out: {} more", grouped(more));
}

class Progress {
 public:
  explicit Progress(const PictureSet& set) : set_(set) {}
  ~Progress() { set_status_line(""); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(int64_t done) const {
    const int64_t total = set_.pictures->size();
    const double rate = static_cast<double>(done) / std::max(clock_.seconds(), 1e-3);
    set_status_line(fmt::format("dedup {}  {} of {}  {:.0f} img/s  eta {}", set_.split,
                                grouped(done), grouped(total), rate,
                                human_duration(static_cast<double>(total - done) / rate)));
  }

 private:
  const PictureSet& set_;
  Stopwatch clock_;
};

}  // namespace

SetsToCompare open_sets(const DedupRequest& request) {
  const DedupConfig& config = request.config;
  if (request.within && (config.test || !request.test_splits.empty()))
    throw ConfigError("--within looks at one split of one data set: leave TEST and its splits out");
  SetsToCompare sets;
  sets.source = config.data.build();
  const bool is_same = !config.test || *config.test == config.data;
  if (!is_same) sets.test_source = config.test->build();
  const Splits splits = choose_splits(request, sets);
  sets.judged = open_set(*sets.source, splits.judged, "data", config.data);
  for (const std::string& split : splits.tests) {
    if (is_same) refuse_itself(split, splits.judged);
    sets.tests.push_back(is_same ? open_set(*sets.source, split, "data", config.data)
                                 : open_set(*sets.test_source, split, "test", *config.test));
  }
  return sets;
}

int64_t for_each_sketch(const PictureSet& set, int64_t threads,
                        const std::function<void(int64_t index, const Sketch& sketch)>& use) {
  const int64_t size = set.pictures->size();
  const InputConfig squashed{.interpolation = Interpolation::kBox,
                             .resize = InputConfig::Resize::kSquash};
  const Pipeline pipeline({}, squashed, square(kSketchSide),
                          {.orientation = set.common.exif_orientation, .reduced = true});
  LoaderOptions options;
  options.batch = 64;
  options.threads = threads;
  options.prefetch = std::max<int64_t>(4, threads);
  options.image = pipeline.result();
  options.on_error = set.common.on_error;
  options.max_errors = error_budget(set.common.max_errors, size);
  Loader loader(*set.pictures, pipeline, Sampler(size, Random(0), Sampler::Order::kSequential),
                Random(0), options, 0, size);
  const Progress progress(set);
  const int64_t bytes = options.channels * options.image.area();
  try {
    for (HostBatch batch = loader.next(); batch.size > 0; batch = loader.next()) {
      for (int64_t i = 0; i < batch.size; ++i) {
        if (std::binary_search(batch.replaced.begin(), batch.replaced.end(), i)) continue;
        use(batch.first_position + i, make_sketch(batch.images + i * bytes));
      }
      progress.show(batch.first_position + batch.size);
    }
  } catch (const UnreadablePicture& error) {
    const std::string text = error.what();
    throw UnreadablePicture(fmt::format(
        "{}\nreplace or remove the file, or pass over such pictures with {}.on_error: skip",
        text.substr(0, text.find('\n')), set.section));
  }
  name_unreadable(loader);
  return loader.skipped();
}

}  // namespace vit::detail
