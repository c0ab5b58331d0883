#include "progress_line.hpp"

#include "vit/core/text.hpp"

#include "train/screen_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace vit {
namespace {

constexpr int64_t kShortestBar = 8, kLongestBar = 24;

// One item of the status line. Of items that do not fit the one with the lowest rank goes first.
struct Item {
  std::string text;
  int rank;
};
constexpr int kEpochRank = 9, kStepRank = 8, kLossRank = 7, kEtaRank = 6, kPercentRank = 5,
              kDataRank = 4;
constexpr int kRateRank = 2, kLrRank = 1;
constexpr int kBarRank = 3;  // what ranks below it gives way to the bar

int64_t width_of(const std::vector<Item>& items) {
  int64_t width = 0;
  for (const auto& item : items) width += 2 + display_width(item.text);
  return width;
}

void drop_lowest(std::vector<Item>& items) {
  items.erase(std::min_element(items.begin(), items.end(),
                               [](const Item& a, const Item& b) { return a.rank < b.rank; }));
}

bool any_below(const std::vector<Item>& items, int rank) {
  return std::any_of(items.begin(), items.end(),
                     [&](const Item& item) { return item.rank < rank; });
}

std::string repeated(std::string_view text, int64_t times) {
  std::string result;
  for (int64_t i = 0; i < times; ++i) result += text;
  return result;
}

std::string bar(double share, int64_t width) {
  const auto halves =
      static_cast<int64_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(2 * width));
  const int64_t full = halves / 2;
  const int64_t tip = full < width ? halves % 2 : 0;
  if (!screen_is_utf8()) {
    const int64_t inner = width - 2, done = std::min(inner, full * inner / width);
    return fmt::format("[{}{}]", repeated("=", done), repeated(".", inner - done));
  }
  return repeated("\u2501", full) + repeated("\u2578", tip) +
         repeated("\u2500", width - full - tip);
}

// The first `width` columns of `text`.
std::string cut(const std::string& text, int64_t width) {
  std::string result;
  int64_t columns = 0;
  for (const char c : text) {
    const bool starts_character = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (starts_character && ++columns > width) break;
    result += c;
  }
  return result;
}

// Items in their order, with a bar behind the first one when there is room for it.
std::string fitted(std::vector<Item> items, double share, int columns) {
  const int64_t room = std::max(1, columns - 1);
  const auto left = [&] { return room - width_of(items); };
  while (left() < 1 + kShortestBar && any_below(items, kBarRank)) drop_lowest(items);
  const bool with_bar = left() >= 1 + kShortestBar;
  while (left() < 0 && items.size() > 1) drop_lowest(items);
  const int64_t bar_width = std::min(kLongestBar, left() - 1);
  std::string line;
  for (size_t i = 0; i < items.size(); ++i) {
    line += fmt::format("  {}", items[i].text);
    if (i == 0 && with_bar) line += fmt::format(" {}", bar(share, bar_width));
  }
  return cut(line, room);
}

double share_of(int64_t done, int64_t total) {
  return total <= 0 ? 0.0 : static_cast<double>(done) / static_cast<double>(total);
}

// Epochs of the whole run, from the batch size seen so far. An epoch may end in a partial batch, or
// steps may run across its end.
int64_t epochs_of_run(const Progress& at) {
  if (at.step == 0 || at.examples == 0) return 1;
  const int64_t batch = (at.examples + at.step - 1) / at.step;
  const int64_t steps_per_epoch = (at.epoch_size + batch - 1) / batch;
  if (at.total_steps > 0 && at.total_steps % steps_per_epoch == 0)
    return at.total_steps / steps_per_epoch;
  return std::max<int64_t>(1, ((at.total_steps - 1) * batch + at.epoch_size - 1) / at.epoch_size);
}

// "2/3": the epoch that the last step belonged to.
std::string epoch_text(const Progress& at) {
  const int64_t all = epochs_of_run(at);
  const auto current = static_cast<int64_t>(std::ceil(at.epoch() - 1e-9));
  return fmt::format("{}/{}", std::clamp<int64_t>(current, 1, all), all);
}

std::string step_text(const Progress& at) {
  const std::string total = std::to_string(at.total_steps);
  return fmt::format("{:>{}}/{}", at.step, total.size(), total);
}

std::string short_rate(double per_s) {
  if (per_s >= 9950) return fmt::format("{:.0f}k img/s", per_s / 1000);
  if (per_s >= 995) return fmt::format("{:.1f}k img/s", per_s / 1000);
  return fmt::format("{:.{}f} img/s", per_s, per_s < 9.95 ? 1 : 0);
}

std::string time_left(double seconds) {
  return std::isfinite(seconds) ? human_duration(seconds) : "?";
}

std::string lr_text(double lr) { return fmt::format("lr {:.1e}", lr); }

// Rounded down: 100 % is said when everything is done, not before.
std::string percent_text(int64_t done, int64_t total) {
  return fmt::format("{:>3}%",
                     static_cast<int64_t>(std::floor(100 * share_of(done, total) + 1e-9)));
}

}  // namespace

std::string loss_text(double loss) {
  if (std::isnan(loss)) return "nan";
  const double size = std::abs(loss);
  if (size >= 1000) return fmt::format("{:.4g}", loss);
  return size >= 0.01 || size == 0 ? fmt::format("{:.3f}", loss) : fmt::format("{:.1e}", loss);
}

std::string status_line(const TrainingStatus& status, int columns) {
  const Progress& at = status.at;
  std::vector<Item> items = {{"ep " + epoch_text(at), kEpochRank},
                             {percent_text(at.step, at.total_steps), kPercentRank},
                             {step_text(at), kStepRank}};
  if (status.report) items.push_back({"loss " + loss_text(status.report->loss), kLossRank});
  items.push_back({lr_text(status.lr), kLrRank});
  if (status.report) {
    items.push_back({short_rate(status.report->images_per_s), kRateRank});
    items.push_back({fmt::format("data {:>2.0f}%", 100 * status.report->data_wait), kDataRank});
    items.push_back({"ETA " + time_left(status.eta_s), kEtaRank});
  }
  return fitted(std::move(items), share_of(at.step, at.total_steps), columns);
}

std::string evaluation_status_line(int64_t done, int64_t total, int columns) {
  return fitted({{"evaluating", kEpochRank},
                 {percent_text(done, total), kPercentRank},
                 {fmt::format("{}/{}", done, total), kStepRank}},
                share_of(done, total), columns);
}

std::string kept_line(const TrainReport& report, double seconds) {
  return fmt::format("  ep {}  step {}  loss {}  {}  {}  data {:>2.0f}%  {}", epoch_text(report.at),
                     step_text(report.at), loss_text(report.loss), lr_text(report.lr),
                     short_rate(report.images_per_s), 100 * report.data_wait,
                     human_duration(seconds));
}

std::string log_line(const Progress& at, double lr) {
  return fmt::format("ep {} step {}/{} ({:.1f}%) {}", epoch_text(at), at.step, at.total_steps,
                     100 * share_of(at.step, at.total_steps), lr_text(lr));
}

std::string log_line(const TrainReport& report) {
  const Progress& at = report.at;
  return fmt::format(
      "ep {} step {}/{} ({:.1f}%) loss {} {} gnorm {:.3g} {:.{}f} img/s data {:.0f}% mem {:.1f}G "
      "eta {}",
      epoch_text(at), at.step, at.total_steps, 100 * share_of(at.step, at.total_steps),
      loss_text(report.loss), lr_text(report.lr), report.grad_norm, report.images_per_s,
      report.images_per_s < 9.95 ? 1 : 0, 100 * report.data_wait, report.memory_gib,
      time_left(report.eta_s));
}

std::string scores(const EvalReport& report, const char* gap) {
  return fmt::format("top-1 {:.2f}{}top-5 {:.2f}{}loss {}", 100 * report.top1(), gap,
                     100 * report.top5(), gap, loss_text(report.loss));
}

}  // namespace vit
