#include "plot.hpp"

#include "axis.hpp"
#include "html.hpp"
#include "labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace vit {
namespace {

constexpr double kWidth = 620, kHeight = 340;
constexpr double kLeft = 64, kRight = 24, kTop = 30, kBottom = 48;

// Told apart also by people who see fewer colours (Okabe & Ito 2008), without their yellow.
constexpr const char* kColors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                   "#56b4e9", "#e69f00", "#555555"};

// Where the colours are used up, marks tell their second, third and fourth round apart.
constexpr const char* kRounds[] = {"", "\u25a0", "\u25b2", "\u25c6"};

const char* color_of(size_t number) { return kColors[number % std::size(kColors)]; }
size_t round_of(size_t number) { return number / std::size(kColors) % std::size(kRounds); }

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

bool can_show(const Plot& plot, const std::pair<double, double>& point) {
  const auto [x, y] = point;
  return std::isfinite(x) && std::isfinite(y) && (!plot.is_x_logarithmic || x > 0) &&
         (!plot.is_y_logarithmic || y > 0);
}

std::string frame(const Plot& plot, const Axis& x, const Axis& y) {
  std::string svg;
  const double bottom = kHeight - kBottom, right = kWidth - kRight;
  for (const double tick : y.ticks(6)) {
    svg += fmt::format(
        "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/><text class=\"y\" x=\"{}\" y=\"{:.1f}\">{}"
        "</text>",
        kLeft, y.at(tick), right, kLeft - 6, y.at(tick) + 4, tick_text(tick));
  }
  for (const double tick : x.ticks(6)) {
    svg += fmt::format(
        "<path class=\"grid\" d=\"M{:.1f} {}V{}\"/><text class=\"x\" x=\"{:.1f}\" y=\"{}\">{}"
        "</text>",
        x.at(tick), kTop, bottom, x.at(tick), bottom + 16, tick_text(tick));
  }
  svg += fmt::format("<path class=\"frame\" d=\"M{} {}V{}H{}\"/>", kLeft, kTop, bottom, right);
  svg += fmt::format("<text class=\"title\" x=\"{}\" y=\"18\">{}</text>", kLeft,
                     html_text(plot.title));
  svg += fmt::format("<text class=\"x\" x=\"{}\" y=\"{}\">{}</text>", (kLeft + right) / 2,
                     kHeight - 10, html_text(plot.x_label));
  svg += fmt::format("<text class=\"x\" transform=\"translate(14 {}) rotate(-90)\">{}</text>",
                     (kTop + bottom) / 2, html_text(plot.y_label));
  return svg;
}

// Filled, about `r` pixels to all sides: a circle in the first round, then as kRounds.
std::string mark(size_t number, double x, double y, double r, const std::string& title) {
  const std::string shapes[] = {
      fmt::format("circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"", x, y, r),
      fmt::format("path d=\"M{:.1f} {:.1f}h{r}v{r}h-{r}Z\"", x - r, y - r, fmt::arg("r", 2 * r)),
      fmt::format("path d=\"M{:.1f} {:.1f}l{r} {h}h-{h}Z\"", x, y - r, fmt::arg("r", r),
                  fmt::arg("h", 2 * r)),
      fmt::format("path d=\"M{:.1f} {:.1f}l{r} {r} -{r} {r} -{r} -{r}Z\"", x, y - r,
                  fmt::arg("r", r))};
  const size_t round = round_of(number);
  return fmt::format("<{} fill=\"{}\"><title>{}</title></{}>", shapes[round], color_of(number),
                     html_text(title), round == 0 ? "circle" : "path");
}

// In pixels, without what has no place.
Curve shown_points(const Plot& plot, const Series& series, const Axis& x, const Axis& y) {
  Curve points;
  for (const auto& point : series.points)
    if (can_show(plot, point)) points.emplace_back(x.at(point.first), y.at(point.second));
  return points;
}

std::string stroke(const Series& series, const Curve& points) {
  if (points.size() < 2) return "";
  std::string path;
  for (const auto& [x, y] : points)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
  return fmt::format("<path class=\"line\" stroke=\"{}\"{} d=\"{}\"><title>{}</title></path>",
                     color_of(series.color), series.is_dashed ? " stroke-dasharray=\"5 3\"" : "",
                     path, html_text(series.name));
}

// With the marks of its round, some along the line; a single point, which no stroke shows, has one
// always.
std::string line(const Series& series, const Curve& points) {
  constexpr size_t kMarks = 8;
  std::string svg = stroke(series, points);
  if (points.size() > 1 && round_of(series.color) == 0) return svg;
  for (size_t i = 0; i < points.size(); i += points.size() / kMarks + 1)
    svg += mark(series.color, points[i].first, points[i].second, 3, series.name);
  return svg;
}

std::string dots(const Plot& plot, const Series& series, const Axis& x, const Axis& y) {
  std::string svg;
  for (const auto& point : series.points) {
    if (!can_show(plot, point)) continue;
    svg += mark(series.color, x.at(point.first), y.at(point.second), 4,
                fmt::format("{}: {:.4g}, {:.4g}", series.name, point.first, point.second));
  }
  return svg;
}

std::string marks(const Plot& plot, const Series& series, const Axis& x, const Axis& y) {
  const Curve points = shown_points(plot, series, x, y);
  switch (plot.marks) {
    case Plot::Marks::kLine:
      return line(series, points);
    case Plot::Marks::kPoints:
      return dots(plot, series, x, y);
    case Plot::Marks::kLabelledLine:
      return stroke(series, points) + dots(plot, series, x, y);
  }
  return "";
}

// The names beside dots, as far as there is room.
std::string labels(const Plot& plot, const Axis& x, const Axis& y) {
  if (plot.marks == Plot::Marks::kLine) return "";
  const bool is_of_lines = plot.marks == Plot::Marks::kLabelledLine;
  constexpr double kDot = 4;
  LabelPlaces places({kLeft, kTop - kDot, kWidth, kHeight - kBottom});
  for (const Series& series : plot.series) {
    for (const auto& [at_x, at_y] : shown_points(plot, series, x, y))
      places.keep_free({at_x - kDot, at_y - kDot, at_x + kDot, at_y + kDot});
  }
  std::string svg;
  for (const Series& series : plot.series) {
    Curve points = shown_points(plot, series, x, y);
    if (is_of_lines && series.is_dashed) continue;
    if (is_of_lines && points.size() > 1) points.erase(points.begin(), points.end() - 1);
    for (const auto& [at_x, at_y] : points) {
      const auto place = places.place(at_x, at_y, series.name, is_of_lines);
      if (!place) continue;
      svg += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", place->style,
                         place->x, place->y, html_text(series.name));
    }
  }
  return svg;
}

// What the colours mean, to the right of the title: marks and texts of their own, as not every
// program that draws SVG ends a text of several parts where it should.
std::string color_key(const Plot& plot) {
  constexpr double kLetter = 7, kMark = 22, kBaseLine = 18;  // pixels; the mark with its gaps
  double x = kWidth - kRight;
  for (const auto& entry : plot.key)
    x -= kMark + kLetter * static_cast<double>(characters_in(entry.first));
  std::string svg;
  for (const auto& [text, number] : plot.key) {
    svg += mark(number, x + kMark - 8, kBaseLine - 4, 4, text);
    svg += fmt::format("<text class=\"name\" x=\"{:.1f}\" y=\"{}\">{}</text>", x + kMark, kBaseLine,
                       html_text(text));
    x += kMark + kLetter * static_cast<double>(characters_in(text));
  }
  return svg;
}

// What is inside of the frame and around it; "" when there is no finite point to show.
std::string drawing(const Plot& plot) {
  Range xs, ys;
  for (const Series& series : plot.series) {
    for (const auto& point : series.points) {
      if (!can_show(plot, point)) continue;
      xs.include(point.first);
      ys.include(point.second);
    }
  }
  if (xs.low > xs.high) return "";
  const Axis x(xs.low, xs.high, plot.is_x_logarithmic, kLeft, kWidth - kRight);
  const Axis y(ys.low, ys.high, plot.is_y_logarithmic, kHeight - kBottom, kTop);
  std::string svg = frame(plot, x, y);
  for (const Series& series : plot.series) svg += marks(plot, series, x, y);
  return svg + labels(plot, x, y) + color_key(plot);
}

// The names of lines. Of labelled ones the dashed have the names of the solid.
std::string legend(const Plot& plot) {
  if (plot.marks == Plot::Marks::kPoints || plot.series.size() < 2) return "";
  std::string html = "<p class=\"legend\">";
  for (const Series& series : plot.series) {
    if (series.is_dashed && plot.marks == Plot::Marks::kLabelledLine) continue;
    html += fmt::format("<span style=\"color:{}\">{}{} {}</span> ", color_of(series.color),
                        series.is_dashed ? "\u254c" : "\u2501", kRounds[round_of(series.color)],
                        html_text(series.name));
  }
  return html + "</p>\n";
}

}  // namespace

const char* const kPlotStyle =
    "svg{font:12px system-ui,sans-serif}svg .grid{stroke:#e4e4e4}svg .frame{stroke:#555;fill:none}"
    "svg .line{fill:none;stroke-width:1.8}svg .title{font-weight:600;font-size:13px}"
    "svg .x{text-anchor:middle}svg .y{text-anchor:end}";

std::string plot_svg(const Plot& plot) {
  const std::string inside = drawing(plot);
  if (inside.empty()) return "";
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">{}</svg>\n", kWidth, kHeight,
                     inside) +
         legend(plot);
}

std::string plot_file(const Plot& plot) {
  const std::string inside = drawing(plot);
  if (inside.empty()) return "";
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\">"
      "<style>{2}</style><rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>{3}</svg>\n",
      kWidth, kHeight, kPlotStyle, inside);
}

}  // namespace vit
