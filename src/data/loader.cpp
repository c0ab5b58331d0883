// Batches in preparation stand in a queue, oldest first. A worker takes a few examples of the
// oldest batch that has any left, so all workers help with the batch that is needed next; next()
// takes the front when it is complete.
#include "vit/data/loader.hpp"

#include "vit/core/error.hpp"
#include "vit/core/stopwatch.hpp"

#include "example_writer.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace vit {
namespace {

struct Slot {
  HostBuffer images;
  HostBuffer labels;
};

// Slots between uses. Batches hold it too, so it lives until the last of them is gone.
class SlotPool {
 public:
  SlotPool(size_t image_bytes, size_t label_bytes, HostMemory memory)
      : image_bytes_(image_bytes), label_bytes_(label_bytes), memory_(memory) {}

  // As many slots come to exist as are ever in use at one time: `prefetch` and those the caller
  // holds.
  std::unique_ptr<Slot> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<Slot> slot = std::move(free_.back());
        free_.pop_back();
        return slot;
      }
    }
    return std::make_unique<Slot>(
        Slot{HostBuffer(image_bytes_, memory_), HostBuffer(label_bytes_, memory_)});
  }

  void give_back(std::unique_ptr<Slot> slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(slot));
  }

 private:
  size_t image_bytes_, label_bytes_;
  HostMemory memory_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> free_;
};

// One batch in preparation. Workers write disjoint parts of the slot; everything else is under the
// loader's lock.
struct Job {
  int64_t first_position = 0;
  int64_t size = 0;
  std::unique_ptr<Slot> slot;
  int64_t claimed = 0;  // examples handed to workers
  int64_t finished = 0;
  std::map<int64_t, Replaced> replaced;  // by place in the batch
  int64_t failed_place = 0;  // of `error`: the first in the batch, whoever met one first
  std::exception_ptr error;
};

// A few neighbouring examples of one job, and what came of them.
struct Piece {
  Job* job = nullptr;
  int64_t begin = 0, end = 0;
  std::map<int64_t, Replaced> replaced = {};
  int64_t failed_place = 0;
  std::exception_ptr error = nullptr;
};

}  // namespace

struct Loader::Impl {
  Impl(ExampleWriter example_writer, LoaderOptions loader_options, int64_t first_position,
       int64_t end_position)
      : writer(example_writer),
        options(loader_options),
        image_bytes(options.channels * options.image.area()),
        pool(std::make_shared<SlotPool>(static_cast<size_t>(options.batch * image_bytes),
                                        static_cast<size_t>(options.batch) * sizeof(int64_t),
                                        options.memory)),
        next_position(first_position),
        end(end_position) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    work_ready.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  bool at_end() const { return end >= 0 && next_position >= end; }
  std::unique_ptr<Job> new_job();
  void fill_queue();
  Piece claim();
  void work_on(Piece& piece) const;
  void finish(Piece& piece);
  void work();
  HostBatch hand_over(std::unique_ptr<Job> job);
  void note(const Job& job);
  void check_budget() const;

  const ExampleWriter writer;
  const LoaderOptions options;
  const int64_t image_bytes;
  const std::shared_ptr<SlotPool> pool;

  mutable std::mutex mutex;  // guards all that follows
  std::condition_variable work_ready, batch_ready;
  int64_t next_position;
  const int64_t end;
  std::deque<std::unique_ptr<Job>> queue;
  std::atomic<bool> stopping =
      false;  // written under the lock, also read without it in the middle of a piece
  double waited = 0;
  int64_t num_skipped = 0;
  std::set<std::string> seen;      // all that were replaced
  std::vector<std::string> names;  // the first of them, with the reason
  std::vector<std::thread> threads;
};

std::unique_ptr<Job> Loader::Impl::new_job() {
  auto job = std::make_unique<Job>();
  job->first_position = next_position;
  job->size = end < 0 ? options.batch : std::min(options.batch, end - next_position);
  job->slot = pool->take();
  next_position += job->size;
  return job;
}

void Loader::Impl::fill_queue() {
  bool added = false;
  while (!at_end() && static_cast<int64_t>(queue.size()) < options.prefetch) {
    queue.push_back(new_job());
    added = true;
  }
  if (added) work_ready.notify_all();
}

// The next few unclaimed examples; an empty piece when there are none.
Piece Loader::Impl::claim() {
  constexpr int64_t kLargest = 16;
  for (const auto& job : queue) {
    const int64_t left = job->size - job->claimed;
    if (left == 0) continue;
    const int64_t fair = job->size / (4 * options.threads);
    const int64_t count = std::min(left, std::clamp<int64_t>(fair, 1, kLargest));
    job->claimed += count;
    return {.job = job.get(), .begin = job->claimed - count, .end = job->claimed};
  }
  return {};
}

// Runs without the lock.
void Loader::Impl::work_on(Piece& piece) const {
  uint8_t* images = piece.job->slot->images.data();
  auto* labels = reinterpret_cast<int64_t*>(piece.job->slot->labels.data());
  for (int64_t place = piece.begin; place < piece.end && !stopping; ++place) {
    try {
      auto replaced = writer.write(piece.job->first_position + place, images + place * image_bytes,
                                   labels + place);
      if (replaced) piece.replaced.emplace(place, std::move(*replaced));
    } catch (...) {
      piece.failed_place = place;
      piece.error = std::current_exception();
      return;
    }
  }
}

void Loader::Impl::finish(Piece& piece) {
  Job& job = *piece.job;
  job.finished += piece.end - piece.begin;
  job.replaced.merge(piece.replaced);
  if (piece.error && (!job.error || piece.failed_place < job.failed_place)) {
    job.failed_place = piece.failed_place;
    job.error = std::exchange(piece.error, nullptr);
  }
  if (job.finished == job.size) batch_ready.notify_one();
}

void Loader::Impl::work() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    Piece piece = claim();
    if (piece.job == nullptr) {
      work_ready.wait(lock);
      continue;
    }
    lock.unlock();
    work_on(piece);
    lock.lock();
    finish(piece);
  }
}

void Loader::Impl::note(const Job& job) {
  constexpr size_t kNamed = 20;
  num_skipped += static_cast<int64_t>(job.replaced.size());
  for (const auto& [place, replaced] : job.replaced) {
    if (seen.insert(replaced.name).second && names.size() < kNamed) {
      // The reason's first line; most begin with the name in full.
      const std::string reason = replaced.reason.substr(0, replaced.reason.find('\n'));
      names.push_back(
          reason.find(replaced.name) == std::string::npos ? replaced.name + ": " + reason : reason);
    }
  }
}

void Loader::Impl::check_budget() const {
  if (options.max_errors < 0 || static_cast<int64_t>(seen.size()) <= options.max_errors) return;
  std::string text = std::to_string(seen.size()) + " different images could not be read, " +
                     std::to_string(options.max_errors) + " are allowed (data.max_errors)";
  for (const std::string& name : names) text += "\n  " + name;
  throw DataError(text);
}

HostBatch Loader::Impl::hand_over(std::unique_ptr<Job> job) {
  note(*job);
  check_budget();
  HostBatch batch;
  batch.size = job->size;
  batch.images = job->slot->images.data();
  batch.labels = reinterpret_cast<const int64_t*>(job->slot->labels.data());
  batch.first_position = job->first_position;
  for (const auto& [place, replaced] : job->replaced) batch.replaced.push_back(place);
  Slot* slot = job->slot.release();
  batch.slot = std::shared_ptr<void>(slot, [pool = pool](void* released) {
    pool->give_back(std::unique_ptr<Slot>(static_cast<Slot*>(released)));
  });
  return batch;
}

Loader::Loader(const Dataset& dataset, const Pipeline& pipeline, Sampler sampler,
               Random augment_seed, LoaderOptions options, int64_t first_position,
               int64_t end_position) {
  VIT_CHECK(
      options.batch > 0 && options.threads >= 0 && options.prefetch > 0 && options.image.is_set(),
      "loader options must be set");
  impl_ = std::make_unique<Impl>(ExampleWriter(dataset, pipeline, sampler, augment_seed, options),
                                 options, first_position, end_position);
  if (options.threads == 0) return;
  impl_->fill_queue();
  for (int64_t i = 0; i < options.threads; ++i)
    impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
}

Loader::~Loader() = default;

HostBatch Loader::next() {
  std::unique_lock lock(impl_->mutex);
  std::unique_ptr<Job> job;
  const Stopwatch watch;
  if (impl_->options.threads == 0) {
    if (impl_->at_end()) return {};
    job = impl_->new_job();
    Piece all{.job = job.get(), .begin = 0, .end = job->size};
    impl_->work_on(all);
    impl_->finish(all);
  } else {
    if (impl_->queue.empty()) return {};
    impl_->batch_ready.wait(
        lock, [&] { return impl_->queue.front()->finished == impl_->queue.front()->size; });
    job = std::move(impl_->queue.front());
    impl_->queue.pop_front();
    impl_->fill_queue();
  }
  impl_->waited += watch.seconds();
  if (!job->error) return impl_->hand_over(std::move(job));
  impl_->pool->give_back(std::move(job->slot));
  std::rethrow_exception(job->error);
}

double Loader::seconds_waited() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waited;
}

int64_t Loader::skipped() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->num_skipped;
}

std::vector<std::string> Loader::skipped_names() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->names;
}

}  // namespace vit
