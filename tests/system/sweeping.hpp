// Sweeps of quick runs, and what they left behind.
#pragma once

#include "system.hpp"

#include <memory>

namespace vit::test {

inline const std::string kQuick =
    "base: [smoke]\n"
    "set: {steps: 4 steps, log: {every: 1 step, tensorboard: false, samples: false}}\n";
inline const std::string kRates = "axes: {schedule.lr: [0.001, 0.01]}\n";
inline const std::string kTwoRates = kQuick + kRates;

class Sweeping : public SystemTest {
 protected:
  void write_sweep(const std::string& text) const { write_file(dir_ / "s.yaml", text); }
  Outcome sweep(const Words& more = {}) const {
    return call("vit-sweep", Words{"s.yaml", "--out", "out"} + more);
  }
  fs::path point(const std::string& name) const { return dir_ / "out" / name; }
  std::string status(const std::string& name) const {
    return json_file(point(name) / "summary.json").value("status", "none");
  }
  Json meta(const std::string& name) const { return json_file(point(name) / "meta.json"); }
  size_t sessions(const std::string& name) const { return meta(name)["sessions"].size(); }
  Json result() const { return json_file(dir_ / "out" / "sweep.json"); }

  // A sweep of one endless point that has made its first report, or of several.
  std::unique_ptr<Process> start_long(const Words& more = {}) const {
    write_sweep(kTwoRates);
    auto process = std::make_unique<Process>(command(
        "vit-sweep", Words{"s.yaml", "--out", "out"} + sets({"set.steps=100000 steps"}) + more));
    EXPECT_TRUE(process->wait_until([&] { return reports("lr=0.001") > 1; })) << process->wait();
    return process;
  }
  size_t reports(const std::string& name) const {
    return json_lines(point(name) / "metrics.jsonl").size();
  }
};

}  // namespace vit::test
