#include "plot.hpp"

#include "axis.hpp"

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

const char* color_of(size_t number) { return kColors[number % std::size(kColors)]; }

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

std::string line(const Plot& plot, const Series& series, const Axis& x, const Axis& y) {
  std::string path;
  for (const auto& point : series.points) {
    if (!can_show(plot, point)) continue;
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x.at(point.first),
                        y.at(point.second));
  }
  if (path.empty()) return "";
  return fmt::format("<path class=\"line\" stroke=\"{}\"{} d=\"{}\"><title>{}</title></path>",
                     color_of(series.color), series.is_dashed ? " stroke-dasharray=\"5 3\"" : "",
                     path, html_text(series.name));
}

// A name beside (x, y), to the left in the right half, so that it stays inside the frame.
std::string label(double x, double y, const std::string& text) {
  const bool is_right = x > (kLeft + kWidth - kRight) / 2;
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
                     is_right ? "y" : "name", x + (is_right ? -7 : 7), y + 4, html_text(text));
}

std::string dots(const Plot& plot, const Series& series, const Axis& x, const Axis& y) {
  std::string svg;
  for (const auto& point : series.points) {
    if (!can_show(plot, point)) continue;
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"><title>{}: {:.4g}, {:.4g}</title>"
        "</circle>",
        x.at(point.first), y.at(point.second), color_of(series.color), html_text(series.name),
        point.first, point.second);
    if (plot.marks == Plot::Marks::kPoints)
      svg += label(x.at(point.first), y.at(point.second), series.name);
  }
  return svg;
}

std::string labelled_line(const Plot& plot, const Series& series, const Axis& x, const Axis& y) {
  std::string svg = line(plot, series, x, y) + dots(plot, series, x, y);
  if (svg.empty() || series.is_dashed || !can_show(plot, series.points.back())) return svg;
  const auto [last_x, last_y] = series.points.back();
  return svg + label(x.at(last_x), y.at(last_y) - 10, series.name);
}

std::string marks(const Plot& plot, const Series& series, const Axis& x, const Axis& y) {
  switch (plot.marks) {
    case Plot::Marks::kLine:
      return line(plot, series, x, y);
    case Plot::Marks::kPoints:
      return dots(plot, series, x, y);
    case Plot::Marks::kLabelledLine:
      return labelled_line(plot, series, x, y);
  }
  return "";
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
  return svg;
}

std::string legend(const Plot& plot) {
  if (plot.marks != Plot::Marks::kLine || plot.series.size() < 2) return "";
  std::string html = "<p class=\"legend\">";
  for (const Series& series : plot.series) {
    html += fmt::format("<span style=\"color:{}\">{} {}</span> ", color_of(series.color),
                        series.is_dashed ? "\u254c" : "\u2501", html_text(series.name));
  }
  return html + "</p>\n";
}

}  // namespace

std::string html_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

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
