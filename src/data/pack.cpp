#include "vit/data/pack.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/log.hpp"
#include "vit/core/stopwatch.hpp"
#include "vit/core/text.hpp"
#include "vit/data/image_codec.hpp"
#include "vit/data/loader.hpp"

#include "datasets/datasets.hpp"
#include "kept_picture.hpp"
#include "record_folder.hpp"
#include "record_shard.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

namespace vit {
namespace {

void check(const PackRequest& request) {
  constexpr int64_t kLargestSide = std::numeric_limits<uint16_t>::max();
  const auto is_side = [](int64_t side) { return side >= 0 && side <= kLargestSide; };
  if (request.out.empty()) throw ConfigError("vit-pack needs a folder to write to");
  if (request.resize != 0 && request.raw != 0)
    throw ConfigError("--resize and --raw are two ways to keep pictures: choose one");
  if (!is_side(request.resize) || !is_side(request.raw))
    throw ConfigError("--resize and --raw take the length of the shorter side in pixels");
  if (request.quality < 1 || request.quality > 100)
    throw ConfigError("--quality is a number from 1 to 100");
  if (request.per_shard < 1 || request.per_shard > 1'000'000 || request.threads < 0)
    throw ConfigError("--per-shard and --threads are positive numbers, --per-shard up to 1000000");
  const DataCommon& data = request.config.data.common();
  if (!data.train.empty() || !data.val.empty())
    throw ConfigError("data.train and data.val say what a run uses; vit-pack takes --split");
  if (data.cache.name() != "none")
    throw ConfigError("data.cache is of no use to vit-pack, which reads each picture once");
}

// A split as it is packed: the training split without what data.exclude, data.fraction and
// data.count leave out.
std::unique_ptr<Dataset> open_to_pack(const DataSource& source, const std::string& split,
                                      const DataCommon& common) {
  const bool is_training = canonical_split(split.substr(0, split.find('['))) == "train";
  auto set = is_training ? open_training_split(source, split, common) : open_split(source, split);
  if (set->strata().size() == 1) return set;
  throw ConfigError(
      "a mixture with weights cannot be packed: every example is packed once\n"
      "pack its sources, and mix what was packed");
}

// Where plain copies of compressed tars are, for as long as the packing takes.
fs::path copies_in(const fs::path& out) { return out / ".unpacked"; }

detail::Keeping keeping_of(const PackRequest& request) {
  detail::Keeping keeping;
  keeping.orientation = request.config.data.common().exif_orientation;
  keeping.quality = request.quality;
  keeping.shorter = request.resize != 0 ? request.resize : request.raw;
  if (request.resize != 0) keeping.keep = detail::Keep::kJpeg;
  if (request.raw != 0) keeping.keep = detail::Keep::kRaw;
  return keeping;
}

// What is stored of a picture.
detail::Record make_record(const Picture& picture, const detail::Keeping& keeping) {
  detail::KeptPicture kept = detail::keep_picture(picture, keeping);
  if (std::max(kept.height, kept.width) > std::numeric_limits<uint16_t>::max())
    throw DataError("picture '" + picture.name + "' is too large to be kept as plain pixels");
  return {"", 0, std::move(kept.bytes), static_cast<uint16_t>(kept.height),
          static_cast<uint16_t>(kept.width)};
}

// What decides what is in the shards, but for the content of the pictures.
uint64_t fingerprint_of(const PackRequest& request, const DataSource& source,
                        const std::vector<std::unique_ptr<Dataset>>& sets) {
  std::string text = config::write(request.config);
  text +=
      fmt::format("{} {} {} {}\n", request.resize, request.quality, request.raw, request.per_shard);
  for (const std::string& name : source.info().classes) text += name + "\n";
  for (const auto& set : sets) {
    uint64_t names = 0;
    for (int64_t i = 0; i < set->size(); ++i)
      names =
          detail::record_checksum(fmt::format("{:x} {} {}", names, set->label(i), set->name(i)));
    text += fmt::format("{} {:x}\n", set->size(), names);
  }
  return detail::record_checksum(text);
}

class Packing {
 public:
  Packing(const PackRequest& request, ExitCode (*stop)())
      : request_(request),
        stop_(stop),
        keeping_(keeping_of(request)),
        threads_(request.threads > 0 ? request.threads : available_cpus()),
        source_(with_plain_tars(request.config.data, copies_in(request.out), stop).build()) {}

  PackResult run() {
    std::vector<std::string> splits = request_.splits.empty() ? source_->splits() : request_.splits;
    folder_.info = source_->info();
    folder_.sorted_by_class = source_->sorted_by_class();
    std::vector<std::unique_ptr<Dataset>> sets;
    for (std::string& split : splits) {
      sets.push_back(open_to_pack(*source_, split, request_.config.data.common()));
      split = split.substr(0, split.find('['));
      const int64_t shards = (sets.back()->size() + request_.per_shard - 1) / request_.per_shard;
      folder_.shards[split] = shards;
      total_ += sets.back()->size();
    }
    folder_.fingerprint = fingerprint_of(request_, *source_, sets);
    claim_folder();
    for (size_t i = 0; i < splits.size(); ++i) {
      for (int64_t n = 0; n < folder_.shards.at(splits[i]); ++n) shard(*sets[i], splits[i], n);
    }
    set_status_line("");
    return result_;
  }

 private:
  void claim_folder() const {
    std::error_code ignored;
    fs::create_directories(request_.out, ignored);
    if (detail::is_record_folder(request_.out)) {
      const detail::RecordFolder there = detail::read_record_folder(request_.out);
      if (there.fingerprint == folder_.fingerprint && there.shards == folder_.shards) return;
      throw DataError(
          fmt::format("'{}' holds records of other data or options\nname another folder, "
                      "or remove this one",
                      request_.out.string()));
    }
    detail::write_record_folder(request_.out, folder_);
  }

  // Whether the shard is there and whole; a damaged one is made again.
  bool is_done(const fs::path& path) const {
    std::error_code unknown;
    if (!fs::exists(path, unknown)) return false;
    try {
      return detail::read_record_index(detail::ShardFile(path)).fingerprint == folder_.fingerprint;
    } catch (const DataError& error) {
      spdlog::warn("pack: {}", error.what());
      return false;
    }
  }

  void shard(const Dataset& set, const std::string& split, int64_t number) {
    const fs::path path = detail::RecordFolder::shard_path(request_.out, split, number);
    const int64_t begin = number * request_.per_shard;
    const int64_t end = std::min(begin + request_.per_shard, set.size());
    if (is_done(path)) {
      ++result_.shards_kept;
      done_ += end - begin;
      return;
    }
    detail::RecordWriter writer(path, folder_.fingerprint);
    const int64_t step = 16 * threads_;
    for (int64_t at = begin; at < end; at += step) {
      const ExitCode code = stop_ != nullptr ? stop_() : ExitCode::kDone;
      if (code != ExitCode::kDone) throw Error(code, stopped_text());
      for (std::optional<detail::Record>& record : make(set, at, std::min(at + step, end))) {
        if (!record) continue;
        writer.add(*record);
        ++result_.examples;
        result_.bytes += static_cast<double>(record->bytes.size());
      }
      done_ += std::min(step, end - at);
      show_progress(path);
    }
    writer.finish();
    ++result_.shards_written;
  }

  // The pictures [begin, end), made by all threads; nothing for one that is left out.
  std::vector<std::optional<detail::Record>> make(const Dataset& set, int64_t begin, int64_t end) {
    std::vector<std::optional<detail::Record>> records(static_cast<size_t>(end - begin));
    std::vector<std::exception_ptr> problems(records.size());
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i = next++; i < records.size(); i = next++) {
        const int64_t index = begin + static_cast<int64_t>(i);
        try {
          detail::Record record = make_record(set.picture(index), keeping_);
          record.name = set.name(index);
          record.label = static_cast<int32_t>(set.label(index));
          records[i] = std::move(record);
        } catch (...) {
          problems[i] = std::current_exception();
        }
      }
    };
    std::vector<std::thread> threads;
    for (int64_t i = 1; i < threads_; ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& problem : problems) {
      if (problem) leave_out(problem);
    }
    return records;
  }

  void leave_out(const std::exception_ptr& problem) {
    try {
      std::rethrow_exception(problem);
    } catch (const UnreadablePicture& error) {
      if (request_.config.data.common().on_error == OnError::kFail) throw;
      ++result_.left_out;
      const std::string text = error.what();
      spdlog::warn("pack: left out: {}", text.substr(0, text.find('\n')));
    }
  }

  void show_progress(const fs::path& path) const {
    const double seconds = clock_.seconds();
    const auto rate = static_cast<double>(result_.examples) / std::max(seconds, 1e-3);
    set_status_line(
        fmt::format("pack {}  {} of {}  {:.0f} img/s  {}  eta {}", path.filename().string(),
                    grouped(done_), grouped(total_), rate, human_bytes(result_.bytes),
                    human_duration(static_cast<double>(total_ - done_) / std::max(rate, 1e-3))));
  }

  std::string stopped_text() const {
    return fmt::format(
        "stopped after {} of {} pictures\nthe same command goes on with the shards "
        "that are missing",
        grouped(done_), grouped(total_));
  }

  const PackRequest& request_;
  ExitCode (*stop_)();
  detail::Keeping keeping_;
  int64_t threads_;
  std::unique_ptr<DataSource> source_;
  detail::RecordFolder folder_;
  PackResult result_;
  Stopwatch clock_;
  int64_t done_ = 0, total_ = 0;
};

}  // namespace

std::string summary(const PackResult& result) {
  const int64_t left_out = result.left_out;
  return fmt::format("{} shards written, {} were there; {} pictures, {}{}", result.shards_written,
                     result.shards_kept, grouped(result.examples), human_bytes(result.bytes),
                     left_out > 0 ? fmt::format(", {} left out", left_out) : "");
}

PackResult pack(const PackRequest& request, ExitCode (*stop)()) {
  check(request);
  const auto remove_copies = [&] {
    std::error_code ignored;
    fs::remove_all(copies_in(request.out), ignored);
  };
  try {
    const PackResult result = Packing(request, stop).run();
    remove_copies();
    return result;
  } catch (const Error& error) {
    const bool goes_on_later =
        error.code() == ExitCode::kStopped || error.code() == ExitCode::kInterrupted;
    if (!goes_on_later) remove_copies();
    throw;
  }
}

}  // namespace vit
