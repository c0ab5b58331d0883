#include "vit/train/report.hpp"

#include "../options.hpp"
#include "../program.hpp"

#include <fmt/core.h>

namespace vit::cli {

int report(const Arguments& arguments) {
  ReportRequest request;
  CLI::App app{"Writes one HTML page over runs: table, compute, curves, confusion, samples.",
               "vit-report"};
  add_common_options(app);
  app.add_option("runs", request.runs, "run folders, or folders of runs")->required();
  app.add_option("--out", request.out,
                 "file to write (default: report.html in the run, or here for several)");
  app.add_option("--figures", request.figures,
                 "folder for the plots against compute and data as SVG files of their own");
  if (const auto code = parse(app, arguments)) return *code;
  fmt::print("{}\n", write_report(request).string());
  return 0;
}

}  // namespace vit::cli
