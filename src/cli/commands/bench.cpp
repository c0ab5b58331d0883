#include "vit/config/reader.hpp"
#include "vit/core/error.hpp"
#include "vit/data/loader_benchmark.hpp"

#include "../options.hpp"
#include "../program.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vit::cli {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) { return std::round(value * 1000) / 1000; }

// Of sorted values, with interpolation.
double quantile(const std::vector<double>& sorted, double part) {
  const double place = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

void print_core(const LoaderBenchmark& benchmark) {
  const CoreSpeeds speeds = measure_core(benchmark);
  for (const CoreSpeed& speed : speeds.ways) {
    std::vector<double> rates = speed.rates;
    std::sort(rates.begin(), rates.end());
    Json line = {{"kind", "core"},
                 {"way", speed.way},
                 {"images_per_second", rounded(quantile(rates, 0.5))},
                 {"spread", rounded(quantile(rates, 0.75) - quantile(rates, 0.25))},
                 {"rounds", rates.size()},
                 {"clock", "thread CPU"},
                 {"images", speeds.images},
                 {"mean_bytes", rounded(speeds.mean_bytes)},
                 {"mean_pixels", rounded(speeds.mean_pixels)},
                 {"size", to_string(benchmark.size)}};
    if (speed.decode_ms > 0) {
      line["decode_ms"] = rounded(speed.decode_ms);
      line["resize_ms"] = rounded(speed.resize_ms);
    }
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
  }
}

void print_loader(const LoaderBenchmark& benchmark) {
  const LoaderSpeed speed = measure_loader(benchmark);
  const auto images = static_cast<double>(speed.images);
  const Json line = {{"kind", "loader"},
                     {"threads", speed.threads},
                     {"images_per_second", rounded(images / speed.seconds)},
                     {"images_per_core_second", rounded(images / speed.cpu_seconds)},
                     {"seconds", rounded(speed.seconds)},
                     {"prefetch", benchmark.config.loader.prefetch},
                     {"size", to_string(benchmark.size)}};
  fmt::print("{}\n", line.dump());
}

}  // namespace

int bench(const Arguments& arguments) {
  LoaderBenchmark benchmark;
  std::string data;
  std::vector<std::string> sets;
  int64_t threads = 0, side = 224, rounds = 7, first_round = 1;
  CLI::App app{"Measures how fast images become training examples; prints JSON lines.",
               "vit-bench"};
  CLI::App* loader = app.add_subcommand("loader", "from the files to batches in memory");
  loader->fallthrough();  // -v, -q
  app.require_subcommand(1);
  add_common_options(app);
  loader->add_option("--data", data, "folder of images (default: what --set data.* says)");
  loader->add_option("--threads", threads, "threads of the loader (0: one per usable CPU)");
  loader->add_option("--size", side, "side of the examples in pixels");
  loader->add_option("--seconds", benchmark.seconds, "length of the loader's measurement; 0: none");
  loader->add_option("--images", benchmark.images, "images of the measurement per core");
  loader->add_option("--rounds", rounds, "rounds of the measurement per core; 0: none");
  loader->add_option("--first-round", first_round, "number of the first round; seeds its crops");
  add_set_option(*loader, sets);
  if (const auto code = parse(app, arguments)) return *code;
  if (side <= 0 || rounds < 0 || benchmark.images <= 0)
    throw ConfigError("--size, --rounds and --images are positive numbers");

  benchmark.config = config::read<LoaderBenchmarkConfig>(load_data_document(data, sets));
  if (threads > 0) benchmark.config.loader.threads = threads;
  benchmark.size = square(side);
  benchmark.rounds.resize(static_cast<size_t>(rounds));
  std::iota(benchmark.rounds.begin(), benchmark.rounds.end(), first_round);
  if (rounds > 0) print_core(benchmark);
  if (benchmark.seconds > 0) print_loader(benchmark);
  return 0;
}

}  // namespace vit::cli
