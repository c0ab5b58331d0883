#include "html.hpp"
#include "plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace vit {
namespace {

// The classes that are shown: all, or those with the most errors, in their own order.
std::vector<size_t> shown_classes(const Confusion& confusion, size_t most) {
  std::vector<size_t> classes(confusion.classes.size());
  std::iota(classes.begin(), classes.end(), size_t{0});
  if (classes.size() <= most) return classes;
  const auto errors = [&](size_t own) {
    const std::vector<int64_t>& row = confusion.counts[own];
    return std::accumulate(row.begin(), row.end(), int64_t{0}) - row[own];
  };
  std::stable_sort(classes.begin(), classes.end(),
                   [&](size_t a, size_t b) { return errors(a) > errors(b); });
  classes.resize(most);
  std::sort(classes.begin(), classes.end());
  return classes;
}

// What a text element holds: `name`, or its beginning where it is longer than `most` characters,
// with the whole under the pointer.
std::string fitted(const std::string& name, size_t most) {
  const std::string shown = shortened(name, most);
  std::string text = html_text(shown);
  if (shown != name) text += "<title>" + html_text(name) + "</title>";
  return text;
}

}  // namespace

std::string confusion_svg(const Confusion& confusion, size_t most) {
  const std::vector<size_t> classes = shown_classes(confusion, most);
  if (classes.empty()) return "";
  const double names = 110,
               cell = std::clamp(440.0 / static_cast<double>(classes.size()), 8.0, 36.0);
  const double size = names + cell * static_cast<double>(classes.size()) + 8;
  const double font = std::min(12.0, cell + 2);
  // A letter is about 0.55 of the font's size wide.
  const auto most_letters = static_cast<size_t>((names - 6) / (0.55 * font));
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {0:.0f} {0:.0f}\" style=\"max-width:{0:.0f}px;font-size:{1:.0f}px\" "
      "role=\"img\">",
      size, font);
  for (size_t i = 0; i < classes.size(); ++i) {
    const std::vector<int64_t>& row = confusion.counts[classes[i]];
    const auto total = std::accumulate(row.begin(), row.end(), int64_t{0});
    const double at = names + cell * static_cast<double>(i);
    const std::string name = html_text(confusion.classes[classes[i]]);
    const std::string label = fitted(confusion.classes[classes[i]], most_letters);
    svg += fmt::format("<text class=\"y\" x=\"{}\" y=\"{:.1f}\">{}</text>", names - 4,
                       at + 0.7 * cell, label);
    svg +=
        fmt::format("<text class=\"name\" transform=\"translate({:.1f} {}) rotate(-90)\">{}</text>",
                    at + 0.7 * cell, names - 4, label);
    for (size_t j = 0; j < classes.size(); ++j) {
      const int64_t count = row[classes[j]];
      if (count == 0) continue;
      const double share = static_cast<double>(count) / static_cast<double>(total);
      svg += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" "
          "fill-opacity=\"{:.3f}\"><title>{} taken for {}: {} of {}</title></rect>",
          names + cell * static_cast<double>(j), at, cell, cell, i == j ? "#0072b2" : "#d55e00",
          0.1 + 0.9 * share, name, html_text(confusion.classes[classes[j]]), count, total);
    }
  }
  svg += fmt::format("<path class=\"frame\" d=\"M{0} {0}H{1:.1f}V{1:.1f}H{0}Z\"/></svg>\n", names,
                     size - 8);
  if (classes.size() < confusion.classes.size()) {
    svg += fmt::format("<p>The {} of {} classes with the most errors.</p>\n", classes.size(),
                       confusion.classes.size());
  }
  return svg;
}

}  // namespace vit
