// The page: one function a section, in the order in which they are read.
#include "vit/core/files.hpp"
#include "vit/core/version.hpp"
#include "vit/train/report.hpp"

#include "html.hpp"
#include "runs.hpp"
#include "summary_plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace vit {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>vit report</title><style>
body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1320px;padding:0 1em;color:#222}
h2{margin-top:2em;border-bottom:1px solid #ccc}
.scroll{overflow-x:auto}
table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:right;white-space:nowrap}
th{border-bottom:1px solid #888}td:first-child,th:first-child,td.t,th.t{text-align:left}
tr:hover td{background:#f3f6f9}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(480px,1fr));gap:1em}
.legend span{margin-right:1em;white-space:nowrap}img{max-width:100%;image-rendering:pixelated}
)";

std::string percent_of(const std::optional<StoredScore>& score) {
  return score ? fmt::format("{:.2f}", 100 * score->top1) : "";
}

std::string or_nothing(const std::optional<double>& value, double unit = 1) {
  return value ? fmt::format("{:.4g}", *value / unit) : "";
}

std::string overview(const std::vector<RunFacts>& runs) {
  std::string html =
      "<h2>Runs</h2>\n<div class=\"scroll\"><table><tr><th>run<th class=\"t\">model"
      "<th class=\"t\">data<th>parameters (M)<th>GMACs<th>epochs<th>exaFLOPs<th>device hours"
      "<th>best top-1 %<th>last<th>last, averaged<th class=\"t\">status</tr>\n";
  for (const RunFacts& run : runs) {
    html += fmt::format(
        "<tr><td>{}<td class=\"t\">{}<td class=\"t\">{}<td>{}<td>{}<td>{:.4g}<td>{}<td>{}<td>{}"
        "<td>{}<td>{}<td class=\"t\">{}</tr>\n",
        html_text(run.name), html_text(run.model), html_text(run.data),
        or_nothing(run.parameters, 1e6), or_nothing(run.macs, 1e9), run.epochs,
        or_nothing(run.exaflops), or_nothing(run.device_hours), percent_of(run.best),
        percent_of(run.last), percent_of(run.last_average), html_text(run.status));
  }
  return html + "</table></div>\n";
}

std::string broken_runs(const std::vector<BrokenRun>& runs) {
  if (runs.empty()) return "";
  std::string html = "<h2>Runs that could not be read</h2>\n<ul>";
  for (const BrokenRun& run : runs)
    html += "<li>" + html_text(run.name) + ": " + html_text(run.reason) + "</li>\n";
  return html + "</ul>\n";
}

// `left_out`: a sentence for below the first plot, which may have no point.
std::string study_plots(const Plot& compute, const Plot& data, const std::string& left_out) {
  std::string html = plot_svg(compute);
  if (!left_out.empty()) html += "<p>" + html_text(left_out) + "</p>\n";
  if (!html.empty()) html = "<div>" + html + "</div>\n";
  if (const std::string svg = plot_svg(data); !svg.empty()) html += "<div>" + svg + "</div>\n";
  if (html.empty()) return "";
  return "<h2>Accuracy against compute and data</h2>\n<div class=\"plots\">" + html + "</div>\n";
}

struct CurveKind {
  const char* title;
  const char* y_label;
  double unit;
  bool is_logarithmic;
  std::vector<const char*> names;  // of the curves; the second is drawn dashed
};

std::string learning_curves(const std::vector<RunFacts>& runs) {
  const CurveKind kinds[] = {{"Training loss", "loss", 1, false, {"train/loss"}},
                             {"Validation top-1 (dashed: averaged weights)",
                              "%",
                              0.01,
                              false,
                              {"val/top1", "val_average/top1"}},
                             {"Validation loss (dashed: averaged weights)",
                              "loss",
                              1,
                              false,
                              {"val/loss", "val_average/loss"}},
                             {"Learning rate", "rate", 1, false, {"train/lr"}},
                             {"Gradient norm", "norm", 1, true, {"train/grad_norm"}},
                             {"Speed", "images/s", 1, false, {"train/images_per_s"}}};
  std::string html;
  for (const CurveKind& kind : kinds) {
    Plot plot{.title = kind.title,
              .x_label = "epochs",
              .y_label = kind.y_label,
              .is_y_logarithmic = kind.is_logarithmic,
              .series = {}};
    for (size_t r = 0; r < runs.size(); ++r) {
      for (size_t i = 0; i < kind.names.size(); ++i) {
        const auto found = runs[r].curves.find(kind.names[i]);
        if (found == runs[r].curves.end()) continue;
        Series series{.name = runs[r].name + (i > 0 ? " (average)" : ""),
                      .points = found->second,
                      .is_dashed = i > 0,
                      .color = r};
        for (auto& point : series.points) point.second /= kind.unit;
        plot.series.push_back(std::move(series));
      }
    }
    const std::string svg = plot_svg(plot);
    if (!svg.empty()) html += "<div>" + svg + "</div>\n";
  }
  if (html.empty()) return "";
  return "<h2>Learning curves</h2>\n<div class=\"plots\">" + html + "</div>\n";
}

// The keys of which at least two runs differ.
std::string comparison(const std::vector<RunFacts>& runs) {
  if (runs.size() < 2) return "";
  std::vector<std::string> keys;  // in the order of the configuration
  std::vector<std::map<std::string, std::string>> values;
  for (const RunFacts& run : runs) {
    values.emplace_back(run.settings.begin(), run.settings.end());
    for (const auto& [key, text] : run.settings) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  const auto value = [&](size_t run, const std::string& key) {
    const auto found = values[run].find(key);
    return found == values[run].end() ? std::string() : found->second;
  };
  std::string rows;
  for (const std::string& key : keys) {
    std::set<std::string> different;
    for (size_t r = 0; r < runs.size(); ++r) different.insert(value(r, key));
    if (different.size() < 2) continue;
    rows += "<tr><td>" + html_text(key);
    for (size_t r = 0; r < runs.size(); ++r) rows += "<td class=\"t\">" + html_text(value(r, key));
    rows += "</tr>\n";
  }
  if (rows.empty()) return "<h2>Configuration</h2>\n<p>The configurations are equal.</p>\n";
  std::string html =
      "<h2>What the configurations differ in</h2>\n<div class=\"scroll\"><table>"
      "<tr><th>key";
  for (const RunFacts& run : runs) html += "<th class=\"t\">" + html_text(run.name);
  return html + "</tr>\n" + rows + "</table></div>\n";
}

std::string base64(const std::string& bytes) {
  constexpr const char* kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 4; ++k) text += k <= left ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

std::string confusions(const std::vector<RunFacts>& runs) {
  std::string html;
  for (const RunFacts& run : runs) {
    for (const Confusion& confusion : run.confusions)
      html += fmt::format("<div><h3>{}: {}</h3>{}</div>\n", html_text(run.name),
                          html_text(confusion.split), confusion_svg(confusion));
  }
  if (html.empty()) return "";
  return "<h2>Confusion (vit-eval)</h2>\n<p>Row: the label; column: the prediction; blue: right. "
         "Numbers appear under the pointer.</p>\n<div class=\"plots\">" +
         html + "</div>\n";
}

std::string samples(const std::vector<RunFacts>& runs) {
  std::string html;
  for (const RunFacts& run : runs) {
    for (const fs::path& picture : run.pictures) {
      html += fmt::format(
          "<div><h3>{}: {}</h3><img alt=\"\" src=\"data:image/png;base64,{}\"></div>\n",
          html_text(run.name), html_text(picture.filename().string()), base64(read_text(picture)));
    }
  }
  return html.empty() ? "" : "<h2>Samples</h2>\n<div class=\"plots\">" + html + "</div>\n";
}

void write_figure(const fs::path& file, const Plot& plot) {
  const std::string svg = plot_file(plot);
  if (!svg.empty()) write_atomically(file, svg);
}

}  // namespace

fs::path write_report(const ReportRequest& request) {
  const RunsOfReport found = read_runs(request.runs);
  const std::vector<RunFacts>& runs = found.readable;
  const Plot compute = compute_plot(runs), data = data_plot(runs);
  std::string html =
      std::string(kHead) + kPlotStyle + "svg{width:100%;height:auto}</style></head><body>\n";
  html += fmt::format("<h1>{}</h1>\n", runs.size() == 1 ? html_text(runs[0].name)
                                                        : fmt::format("{} runs", runs.size()));
  html += broken_runs(found.broken) + overview(runs) +
          study_plots(compute, data, left_out_of_compute(runs)) + learning_curves(runs) +
          comparison(runs) + confusions(runs) + samples(runs);
  html += fmt::format(
      "<p>exaFLOPs: 6 x multiply-accumulates of a forward pass without padding x "
      "images shown, as in Table 6 of Dosovitskiy et al. 2021. Written by vit {}."
      "</p>\n</body></html>\n",
      html_text(build_info().version));
  const bool is_only_one = runs.size() == 1 && found.broken.empty();
  const fs::path out = !request.out.empty() ? request.out
                       : is_only_one        ? runs[0].folder / "report.html"
                                            : fs::path("report.html");
  write_atomically(out, html);
  if (!request.figures.empty()) {
    fs::create_directories(request.figures);
    write_figure(request.figures / "compute.svg", compute);
    write_figure(request.figures / "data.svg", data);
  }
  return out;
}

}  // namespace vit
