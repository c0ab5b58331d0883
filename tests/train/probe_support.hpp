// What the tests of the probes share.
#pragma once

#include "vit/config/reader.hpp"
#include "vit/core/error.hpp"
#include "vit/train/probe.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vit::test {

// A split of which nobody looks at the pictures; names are in the reverse order of places.
struct LabelsOnly final : Dataset {
  explicit LabelsOnly(std::vector<int64_t> values) : labels(std::move(values)) {}
  int64_t size() const override { return static_cast<int64_t>(labels.size()); }
  int64_t label(int64_t index) const override { return labels.at(static_cast<size_t>(index)); }
  Picture picture(int64_t) const override { throw DataError("no pictures here"); }
  std::string name(int64_t index) const override { return std::to_string(900 - index); }
  std::vector<int64_t> labels;
};

struct ProbeHolder {
  ProbeSection probe;
  static constexpr auto describe() {
    return std::tuple{config::field<&ProbeHolder::probe>("Any.")};
  }
};

inline std::unique_ptr<Probe> probe_of(const std::string& name, const std::string& keys,
                                       const ProbeData& data) {
  const std::string text = "probe: {name: " + name + (keys.empty() ? "" : ", " + keys) + "}";
  return config::read<ProbeHolder>(config::Document::from_text(text, "test")).probe.build(data);
}

inline void expect_data_error(const std::function<void()>& call,
                              const std::vector<std::string>& words) {
  try {
    call();
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    const std::string text = error.what();
    for (const std::string& word : words)
      EXPECT_NE(text.find(word), std::string::npos) << word << " in: " << text;
    EXPECT_NE(text.find('\n'), std::string::npos) << "what to do: " << text;
  }
}

}  // namespace vit::test
