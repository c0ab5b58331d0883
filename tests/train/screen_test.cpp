// Lines and tables for people, at any width and in any locale.
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

#include "fake_run.hpp"
#include "train/observers/progress_line.hpp"
#include "train/screen_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

namespace vit {
namespace {

using test::AsciiScreen;
using test::at_step;
using test::Environment;
using test::some_training;
using test::Utf8Screen;
using testing::HasSubstr;

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

TEST(Screen, IsUtf8ByTheFirstVariableThatIsSet) {
  Environment environment;
  environment.set("LC_ALL", "");
  environment.set("LC_CTYPE", "");
  environment.set("LANG", "de_DE.utf8");
  EXPECT_TRUE(screen_is_utf8());
  environment.set("LC_CTYPE", "POSIX");
  EXPECT_FALSE(screen_is_utf8());
  environment.set("LC_ALL", "en_US.UTF-8");
  EXPECT_TRUE(screen_is_utf8());
}

TEST(Screen, SpellsSymbolsInAsciiAndLeavesTextOfTheUser) {
  const AsciiScreen screen;
  EXPECT_EQ(for_screen("28\u00d728 \u2192 16 \u00b7 60\u2009000 images of Caf\u00e9"),
            "28x28 -> 16 - 60 000 images of Caf\u00e9");
}

TEST(StatusLine, HoldsEverythingOnAWideScreen) {
  const Utf8Screen screen;
  const TrainingStatus status{at_step(688), 5.6e-4, some_training(688), 63};
  EXPECT_EQ(status_line(status, 110),
            "  ep 2/3 "
            "\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2578\u2500\u2500"
            "\u2500\u2500\u2500\u2500\u2500"
            "\u2500\u2500\u2500\u2500\u2500   49%   688/1404  loss 0.834  lr 5.6e-04  1.7k img/s  "
            "data  1%  ETA 1:03");
}

TEST(StatusLine, FitsEveryWidth) {
  for (const char* locale : {"C", "C.UTF-8"}) {
    Environment screen;
    screen.set("LC_ALL", locale);
    for (const bool reported : {false, true}) {
      for (int columns = 1; columns <= 140; ++columns) {
        TrainingStatus status{at_step(688), 5.6e-4, {}, 63};
        if (reported) status.report = some_training(688);
        const std::string line = status_line(status, columns);
        EXPECT_LE(display_width(line), std::max(1, columns - 1)) << line;
        if (columns >= 30) {
          EXPECT_THAT(line, HasSubstr("688/1404")) << columns;
        }
        if (columns >= 80 && reported) {
          EXPECT_THAT(line, HasSubstr("data  1%  ETA 1:03")) << columns;
        }
        if (locale == std::string("C")) {
          EXPECT_TRUE(is_ascii(line)) << line;
        }
        EXPECT_LE(display_width(evaluation_status_line(4700, 10000, columns)),
                  std::max(1, columns - 1));
      }
    }
  }
}

TEST(StatusLine, EndsFullAndStartsEmpty) {
  const AsciiScreen screen;
  EXPECT_EQ(status_line({at_step(1404), 0, {}, 0}, 70),
            "  ep 3/3 [======================]  100%  1404/1404  lr 0.0e+00");
  EXPECT_EQ(evaluation_status_line(0, 10000, 60),
            "  evaluating [......................]    0%  0/10000");
  EXPECT_EQ(evaluation_status_line(0, 0, 60), "  evaluating [......................]    0%  0/0");
}

TEST(LogLine, IsThatOfTheDocument) {
  EXPECT_EQ(log_line(some_training(688)),
            "ep 2/3 step 688/1404 (49.0%) loss 0.834 lr 5.6e-04 gnorm 0.88 1744 img/s data 1% mem "
            "0.4G eta 1:03");
  EXPECT_EQ(log_line(at_step(12), 5.6e-4), "ep 1/3 step 12/1404 (0.9%) lr 5.6e-04");
}

TEST(LogLine, CountsEpochsHoweverTheyEnd) {
  struct Case {
    Progress at;
    const char* epoch;
  };
  for (const auto& c : {
           Case{{468, 468 * 128, 59904, 1404},
                "ep 1/3 "},  // whole batches: the last step of an epoch is part of it
           Case{{469, 469 * 128, 59904, 1404}, "ep 2/3 "},
           Case{{1404, 1404 * 128, 59904, 1404}, "ep 3/3 "},
           Case{{10, 10 * 128, 60000, 1407},
                "ep 1/3 "},  // 469 steps an epoch, the last one of 96 examples
           Case{{469, 60000, 60000, 1407}, "ep 1/3 "},
           Case{{1407, 180000, 60000, 1407}, "ep 3/3 "},
           Case{{10, 1280, 60000, 1404}, "ep 1/3 "},        // the last 96 examples left out
           Case{{100, 100 * 128, 1020, 500}, "ep 13/63 "},  // far more epochs than steps in one
           Case{{1, 301, 1000, 10}, "ep 1/3 "},             // steps run across the ends of epochs
           Case{{1, 512, 1020, 2000}, "ep 1/1000 "},
           Case{{0, 0, 60000, 1404}, "ep 1/1 "},
           Case{{1, 32, 32, 1}, "ep 1/1 "},
       }) {
    EXPECT_THAT(log_line(c.at, 0.1), HasSubstr(c.epoch)) << c.at.step << " of " << c.at.total_steps;
  }
}

TEST(LogLine, SaysNumbersOfAnySize) {
  EXPECT_EQ(loss_text(7.1234), "7.123");
  EXPECT_EQ(loss_text(0), "0.000");
  EXPECT_EQ(loss_text(0.00034), "3.4e-04");
  EXPECT_EQ(loss_text(12345.6), "1.235e+04");
  EXPECT_EQ(loss_text(std::numeric_limits<double>::quiet_NaN()), "nan");
  TrainReport report = some_training(1);
  report.images_per_s = 0.42;
  report.eta_s = std::numeric_limits<double>::infinity();
  EXPECT_THAT(log_line(report), HasSubstr("0.4 img/s"));
  EXPECT_THAT(log_line(report), HasSubstr("eta ?"));
}

TEST(Table, DrawsLinesOrAscii) {
  Table table({{"weights"}, {"top-1", Table::Align::kRight}});
  table.add({"Caf\u00e9", "9.50"});
  table.add({"last"});
  {
    const Utf8Screen screen;
    EXPECT_EQ(table.boxed(""),
              "\u250c\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u252c\u2500\u2500\u2500"
              "\u2500\u2500\u2500\u2500\u2510\n"
              "\u2502 weights \u2502 top-1 \u2502\n"
              "\u251c\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500"
              "\u2500\u2500\u2500\u2500\u2524\n"
              "\u2502 Caf\u00e9    \u2502  9.50 \u2502\n"
              "\u2502 last    \u2502       \u2502\n"
              "\u2514\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2534\u2500\u2500\u2500"
              "\u2500\u2500\u2500\u2500\u2518\n");
  }
  const AsciiScreen screen;
  EXPECT_EQ(table.boxed(" "),
            " +---------+-------+\n"
            " | weights | top-1 |\n"
            " +---------+-------+\n"
            " | Caf\u00e9    |  9.50 |\n"
            " | last    |       |\n"
            " +---------+-------+\n");
  EXPECT_EQ(table.plain(" "), " weights  top-1\n Caf\u00e9      9.50\n last\n");
  EXPECT_THROW(table.add({"a", "b", "c"}), Error);
}

TEST(Table, OfListsNeedsNoTitles) {
  Table table({{""}, {""}});
  table.add({"vit_b16", "Vision Transformer"});
  EXPECT_EQ(table.plain(""), "vit_b16  Vision Transformer\n");
}

}  // namespace
}  // namespace vit
