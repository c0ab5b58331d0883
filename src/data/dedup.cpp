#include "vit/data/dedup.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"
#include "vit/data/image_codec.hpp"

#include "hash_index.hpp"
#include "perceptual_hash.hpp"
#include "sketches.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>

namespace vit {
namespace {

using detail::PictureSet;
using detail::Sketch;

// A picture of a set.
struct Place {
  const PictureSet* set = nullptr;
  int64_t index = 0;
  std::string name() const { return set->pictures->name(index); }
  Picture picture() const { return set->pictures->picture(index); }
  Image decode() const {
    const Picture found = picture();
    return found.is_encoded() ? decode_image(found.bytes, found.name, set->common.exif_orientation)
                              : found.pixels;
  }
};

struct Match {
  Place picture, original;
  int distance = 0;
  double similarity = 0;
  bool is_mirrored = false;
  bool is_exact = false;
  // Closer first; of equally close ones the first found.
  bool is_better_than(const Match& other) const {
    return std::pair(-distance, similarity) > std::pair(-other.distance, other.similarity);
  }
};

// The pictures that others may be copies of.
class Originals {
 public:
  explicit Originals(const DedupRequest& request)
      : index_(static_cast<int>(request.distance)),
        least_similarity_(request.similarity),
        mirrored_(request.mirrored) {}

  void add(const Place& place, const Sketch& sketch) {
    index_.add(sketch.hash);
    places_.push_back(place);
    thumbnails_.push_back(sketch.thumbnail);
  }
  int64_t size() const { return static_cast<int64_t>(places_.size()); }

  std::optional<Match> closest(const Place& place, const Sketch& sketch) const {
    std::optional<Match> best;
    const auto look = [&](uint64_t hash, const detail::Thumbnail& thumbnail, bool is_mirrored) {
      std::vector<uint32_t> found;
      index_.find(hash, found);
      std::sort(found.begin(), found.end());
      for (const uint32_t i : found) {
        const Match match{place, places_[i], detail::hash_distance(hash, index_.hash(i)),
                          similarity(thumbnail, thumbnails_[i]), is_mirrored};
        if (match.similarity < least_similarity_) continue;
        if (!best || match.is_better_than(*best)) best = match;
      }
    };
    look(sketch.hash, sketch.thumbnail, false);
    if (mirrored_) look(sketch.mirrored_hash, detail::mirrored(sketch.thumbnail), true);
    return best;
  }

 private:
  detail::HashIndex index_;
  double least_similarity_;
  bool mirrored_;
  std::vector<Place> places_;
  std::vector<detail::Thumbnail> thumbnails_;
};

bool have_equal_pixels(const Match& match) {
  const Picture a = match.picture.picture(), b = match.original.picture();
  if (a.is_encoded() && b.is_encoded() && a.bytes == b.bytes) return true;
  return match.picture.decode() == match.original.decode();
}

// work(i) for all i below `count`, by `threads` threads.
template <class Work>
void in_parallel(size_t count, int64_t threads, const Work& work) {
  std::atomic<size_t> next = 0;
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  for (int64_t i = 1; i < threads; ++i) others.emplace_back(run);
  run();
}

// Decodes both pictures of every match in full.
void tell_exact_ones(std::vector<Match>& matches, int64_t threads) {
  in_parallel(matches.size(), threads, [&](size_t i) {
    try {
      matches[i].is_exact = !matches[i].is_mirrored && have_equal_pixels(matches[i]);
    } catch (const std::exception& error) {  // it was readable a moment ago
      spdlog::warn("dedup: {}", error.what());
    }
  });
}

// Looks up the pictures of a set among originals that stay as they are, many at a time.
class Lookup {
 public:
  Lookup(const Originals& originals, int64_t threads) : originals_(originals), threads_(threads) {}

  void add(const Place& place, const Sketch& sketch) {
    constexpr size_t kMost = 4096;
    waiting_.emplace_back(place, sketch);
    if (waiting_.size() == kMost) look();
  }
  std::vector<Match> matches() {
    look();
    return std::move(matches_);
  }

 private:
  void look() {
    std::vector<std::optional<Match>> found(waiting_.size());
    in_parallel(found.size(), threads_, [&](size_t i) {
      found[i] = originals_.closest(waiting_[i].first, waiting_[i].second);
    });
    for (const std::optional<Match>& match : found) {
      if (match) matches_.push_back(*match);
    }
    waiting_.clear();
  }

  const Originals& originals_;
  int64_t threads_;
  std::vector<std::pair<Place, Sketch>> waiting_;
  std::vector<Match> matches_;
};

// Copies of earlier pictures that are none themselves: these become `originals`.
std::vector<Match> copies_within(const PictureSet& set, Originals& originals, int64_t threads,
                                 DedupResult& result) {
  std::vector<Match> matches;
  result.unreadable += detail::for_each_sketch(set, threads, [&](int64_t i, const Sketch& sketch) {
    ++result.pictures;
    if (const auto match = originals.closest({&set, i}, sketch)) {
      matches.push_back(*match);
    } else {
      originals.add({&set, i}, sketch);
    }
  });
  return matches;
}

std::vector<Match> copies_of_tests(const detail::SetsToCompare& sets, Originals& originals,
                                   int64_t threads, DedupResult& result) {
  for (const PictureSet& set : sets.tests) {
    result.unreadable +=
        detail::for_each_sketch(set, threads, [&](int64_t i, const Sketch& sketch) {
          originals.add({&set, i}, sketch);
        });
  }
  Lookup lookup(originals, threads);
  result.unreadable +=
      detail::for_each_sketch(sets.judged, threads, [&](int64_t i, const Sketch& sketch) {
        ++result.pictures;
        lookup.add({&sets.judged, i}, sketch);
      });
  return lookup.matches();
}

void check(const DedupRequest& request) {
  if (request.distance < 0 || request.distance > 32)
    throw ConfigError("--distance is a number of bits from 0 to 32");
  if (!(request.similarity >= -1 && request.similarity <= 1))
    throw ConfigError("--similarity is a number up to 1");
  if (request.threads < 0) throw ConfigError("--threads is a positive number");
}

}  // namespace

DedupResult find_duplicates(const DedupRequest& request) {
  check(request);
  const int64_t threads = request.threads > 0 ? request.threads : available_cpus();
  const detail::SetsToCompare sets = detail::open_sets(request);
  DedupResult result;
  Originals originals(request);
  std::vector<Match> matches = request.within
                                   ? copies_within(sets.judged, originals, threads, result)
                                   : copies_of_tests(sets, originals, threads, result);
  result.test_pictures = originals.size();
  tell_exact_ones(matches, threads);
  for (const Match& match : matches) {
    result.duplicates.push_back({match.picture.name(), match.original.name(), match.is_exact,
                                 match.is_mirrored, match.distance, match.similarity});
  }
  return result;
}

void write_exclusions(const fs::path& path, const DedupResult& result) {
  std::string text;
  for (const Duplicate& duplicate : result.duplicates) {
    if (duplicate.name.find('\n') != std::string::npos || duplicate.name.ends_with('\r')) {
      throw DataError(fmt::format("'{}' cannot stand in a list with a name a line: rename it",
                                  printable(duplicate.name)));
    }
    text += duplicate.name + "\n";
  }
  write_atomically(path, text);
}

}  // namespace vit
