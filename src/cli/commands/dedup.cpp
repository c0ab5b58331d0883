#include "vit/data/dedup.hpp"

#include "vit/config/reader.hpp"

#include "../duplicates_text.hpp"
#include "../options.hpp"
#include "../program.hpp"

namespace vit::cli {

int dedup(const Arguments& arguments) {
  DedupRequest request;
  std::string train, test, exclude, format = "table";
  std::vector<std::string> sets;
  CLI::App app{"Finds pictures of TRAIN that are, or nearly are, in TEST.", "vit-dedup"};
  add_common_options(app);
  app.add_option("train", train, "training data, or what --set data.* says");
  app.add_option("test", test, "test data, or --set test.* (default: other splits of TRAIN)");
  app.add_option("--train-split", request.split, "split of TRAIN, e.g. train[:90%]");
  app.add_option("--test-split", request.test_splits, "of TEST, repeatable (default: all others)")
      ->allow_extra_args(false);
  app.add_flag("--within", request.within, "copies within TRAIN; the first of a group stays");
  app.add_option("--exclude", exclude, "file to write the names to, for data.exclude");
  app.add_option("--format", format, "of the list: table, csv or jsonl")
      ->check(CLI::IsMember({"table", "csv", "jsonl"}));
  app.add_option("--distance", request.distance, "most bits in which hashes differ, of 64");
  app.add_option("--similarity", request.similarity, "least similarity of thumbnails, up to 1");
  app.add_flag("!--no-mirror", request.mirrored, "a mirrored picture is another one");
  app.add_option("--threads", request.threads, "threads (0: one per usable CPU)");
  add_set_option(app, sets);
  if (const auto code = parse(app, arguments)) return *code;

  request.config = config::read<DedupConfig>(load_data_document(train, sets, test));
  const DedupResult result = find_duplicates(request);
  if (!exclude.empty()) write_exclusions(exclude, result);
  print_duplicates(result, format);
  return 0;
}

}  // namespace vit::cli
