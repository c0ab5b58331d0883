// One HTML page over runs, for reading offline: a table with what each run cost and reached,
// accuracy against compute (Figure 5 of Dosovitskiy et al. 2021), learning curves, what the
// configurations differ in, confusion matrices and sample grids. Plots are inline SVG, pictures are
// embedded; the page loads nothing.
#pragma once

#include <filesystem>
#include <vector>

namespace vit {

struct ReportRequest {
  // Run folders, or folders that hold run folders (sweeps).
  std::vector<std::filesystem::path> runs;
  // "": report.html in the only run, else in the working folder.
  std::filesystem::path out;
  // Folder for the plots against compute and against data, compute.svg and data.svg, each where
  // there is something to show; "": none.
  std::filesystem::path figures = {};
};

// Returns the file that was written. Runs that have not finished are shown as far as they are; of
// one that cannot be read the page says why, and a warning.
// Throws DataError when a folder holds no run or the page cannot be written, and what the first run
// throws when none can be read: DataError, or ConfigError for its config.yaml.
std::filesystem::path write_report(const ReportRequest& request);

}  // namespace vit
