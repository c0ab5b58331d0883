#include "vit/data/loader_benchmark.hpp"

#include "vit/core/error.hpp"
#include "vit/core/stopwatch.hpp"

#include "libjpeg.hpp"
#include "picture_decoder.hpp"
#include "resampler.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>

namespace vit {
namespace {

constexpr int64_t kChannels = 3;

// All of a JPEG, as FFCV decodes: with the fast DCT. Damaged pictures were sorted out before.
detail::Pixels decode_fast(std::string_view bytes, detail::PixelBuffer& buffer) {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  info.dct_method = JDCT_IFAST;
  info.out_color_space = JCS_EXT_RGB;
  jpeg_start_decompress(&info);
  const int64_t height = info.output_height, width = info.output_width, stride = width * 3;
  uint8_t* pixels = buffer.get(height * stride);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + info.output_scanline * stride;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return {pixels, stride, height, width, 3, buffer.end()};
}

// Pictures in memory, and the ways to make examples of them.
class Bench {
 public:
  explicit Bench(const LoaderBenchmark& benchmark)
      : source_(benchmark.config.data.build()),
        pipeline_(benchmark.config.augment, benchmark.config.input, benchmark.size),
        planes_(static_cast<size_t>(benchmark.size.area() * kChannels)) {
    const DataCommon& common = benchmark.config.data.common();
    const SplitNames splits = resolve_splits(*source_, common.train, common.val);
    const auto set = open_split(*source_, splits.train);
    const int64_t count = std::min(benchmark.images, set->size());
    for (int64_t i = 0; i < count; ++i) {
      const int64_t index = permuted(i, set->size(), Random(0).stream("benchmark"));
      try {
        Picture picture = set->picture(index);
        const Extent extent = decode(picture).extent();
        pictures_.push_back(std::move(picture));
        pixels_ += static_cast<double>(extent.area());
        bytes_ += static_cast<double>(pictures_.back().bytes.size());
      } catch (const DataError&) {
        continue;  // damaged pictures are not what is measured
      }
    }
    if (pictures_.empty()) throw DataError("there is no picture to measure with");
  }

  int64_t size() const { return static_cast<int64_t>(pictures_.size()); }
  double mean_bytes() const { return bytes_ / static_cast<double>(size()); }
  double mean_pixels() const { return pixels_ / static_cast<double>(size()); }
  bool is_all_jpeg() const {
    return std::all_of(pictures_.begin(), pictures_.end(), [](const Picture& picture) {
      return picture.bytes.starts_with("\xff\xd8");
    });
  }
  bool is_plan() const { return pipeline_.plan(square(500), Random(0)).has_value(); }

  void crop(const Picture& picture, Random random) {
    pipeline_.write(picture, random, kChannels, planes_.data(), &times);
  }
  void whole(const Picture& picture, Random random) {
    write_planes(pipeline_.apply(decode(picture), random), kChannels, planes_.data());
  }
  void area(const Picture& picture, Random random) {
    const detail::Pixels pixels = decode_fast(picture.bytes, buffer_);
    CropPlan plan = *pipeline_.plan({pixels.height, pixels.width}, random);
    plan.interpolation = Interpolation::kBox;
    const Extent size = plan.result();
    detail::resample(pixels.part(plan.box), detail::sampling_of(plan),
                     {planes_.data(), size.width, size.area()}, detail::kernels());
  }
  void decode_only(const Picture& picture, Random) {
    const auto decoder = detail::open_picture(picture.bytes, picture.name);
    const Extent size = decoder->extent();
    decoder->decode({0, 0, size.height, size.width}, 1, buffer_);
  }

  // Images per CPU second.
  double round(void (Bench::*way)(const Picture&, Random), int64_t number) {
    const Random random = Random(0).stream("augment").at(static_cast<uint64_t>(number));
    const double begin = thread_cpu_seconds();
    for (size_t i = 0; i < pictures_.size(); ++i) (this->*way)(pictures_[i], random.at(i));
    return static_cast<double>(size()) / (thread_cpu_seconds() - begin);
  }

  StageTimes times;

 private:
  std::unique_ptr<DataSource> source_;
  Pipeline pipeline_;
  std::vector<Picture> pictures_;
  std::vector<uint8_t> planes_;
  detail::PixelBuffer buffer_;
  double bytes_ = 0, pixels_ = 0;
};

double process_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

CoreSpeeds measure_core(const LoaderBenchmark& benchmark) {
  Bench bench(benchmark);
  using Way = void (Bench::*)(const Picture&, Random);
  std::vector<std::pair<std::string, Way>> ways = {{"crop", &Bench::crop},
                                                   {"whole", &Bench::whole}};
  if (bench.is_all_jpeg() && bench.is_plan()) ways.emplace_back("area", &Bench::area);
  if (bench.mean_bytes() > 0) ways.emplace_back("decode", &Bench::decode_only);

  CoreSpeeds speeds{bench.size(), bench.mean_bytes(), bench.mean_pixels(), {}};
  for (const auto& [name, way] : ways) {
    speeds.ways.push_back({name, {}, 0, 0});
    bench.round(way, 0);  // warms up
  }
  bench.times = {};
  for (const int64_t number : benchmark.rounds) {
    for (size_t i = 0; i < ways.size(); ++i)
      speeds.ways[i].rates.push_back(bench.round(ways[i].second, number));
  }
  const auto examples =
      static_cast<double>(bench.size()) * static_cast<double>(benchmark.rounds.size());
  speeds.ways[0].decode_ms = 1e3 * bench.times.decode / examples;
  speeds.ways[0].resize_ms = 1e3 * bench.times.resize / examples;
  return speeds;
}

LoaderSpeed measure_loader(const LoaderBenchmark& benchmark) {
  const LoaderBenchmarkConfig& config = benchmark.config;
  const auto source = config.data.build();
  const DataCommon& common = config.data.common();
  const auto set =
      common.cache.build(common.exif_orientation)
          ->over(open_split(*source, resolve_splits(*source, common.train, common.val).train),
                 PictureCache::Use::kTraining);
  const Pipeline pipeline(config.augment, config.input, benchmark.size,
                          {common.exif_orientation, common.dct_scaling});
  LoaderOptions options;
  options.batch = 64;
  options.threads = config.loader.threads > 0 ? config.loader.threads : available_cpus();
  options.prefetch = config.loader.prefetch;
  options.image = benchmark.size;
  options.on_error = common.on_error;
  Loader loader(*set, pipeline, Sampler(set->strata(), Random(0), {}), Random(0).stream("augment"),
                options, 0, -1);
  // What was made before the clock started is not counted.
  for (int64_t i = 0; i < options.prefetch + options.threads; ++i) loader.next();
  LoaderSpeed speed{options.threads, 0, 0, 0};
  const Stopwatch wall;
  const double cpu = process_cpu_seconds();
  while ((speed.seconds = wall.seconds()) < benchmark.seconds) speed.images += loader.next().size;
  speed.cpu_seconds = process_cpu_seconds() - cpu;
  return speed;
}

}  // namespace vit
