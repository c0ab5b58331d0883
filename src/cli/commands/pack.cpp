#include "vit/data/pack.hpp"

#include "vit/config/reader.hpp"
#include "vit/core/stop_signal.hpp"

#include "../options.hpp"
#include "../program.hpp"

#include <fmt/core.h>

namespace vit::cli {

int pack(const Arguments& arguments) {
  PackRequest request;
  std::string data;
  std::vector<std::string> sets;
  CLI::App app{"Packs a data set into record shards; goes on where it was interrupted.",
               "vit-pack"};
  add_common_options(app);
  app.add_option("data", data, "folder, tar or table of images, or what --set data.* says");
  app.add_option("--out", request.out, "folder of the shards")->required();
  app.add_option("--split", request.splits, "split to pack, e.g. train[:10%]; default: all");
  app.add_option("--resize", request.resize, "keep JPEGs whose shorter side is at most this");
  app.add_option("--quality", request.quality, "of these JPEGs, 1 to 100");
  app.add_option("--raw", request.raw, "keep plain pixels, shorter side at most this");
  app.add_option("--per-shard", request.per_shard, "pictures in a shard");
  app.add_option("--threads", request.threads, "threads (0: one per usable CPU)");
  add_set_option(app, sets);
  if (const auto code = parse(app, arguments)) return *code;

  request.config = config::read<PackConfig>(load_data_document(data, sets));
  const StopSignal signals;
  const PackResult result = vit::pack(request, StopSignal::exit_code);
  fmt::print("{}\n", summary(result));
  return 0;
}

}  // namespace vit::cli
