// The only file that knows yaml-cpp. It listens to parser events instead of asking for YAML::Node:
// those lose the second of two equal keys silently and the position of keys.
#include "config/node.hpp"

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <utility>

namespace vit::config {
namespace {

constexpr size_t kMaxDepth = 60;       // far beyond any configuration, well within yaml-cpp's stack
constexpr size_t kMaxNodes = 200'000;  // aliases count with all they stand for

size_t count_nodes(const Node& node) {
  size_t count = 1;
  for (const Node& item : node.items) count += count_nodes(item);
  for (const Entry& entry : node.entries) count += count_nodes(entry.value);
  return count;
}

// A problem that ends the parsing.
struct Stop {
  int64_t line, column;
  std::string text;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const Source> source, Problems& problems)
      : source_(std::move(source)), problems_(problems) {}

  Node root;
  bool has_document = false;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (has_document) stop(mark, "a second document starts here: a configuration is one document");
    has_document = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) return add_key(mark, "", "a key is missing before ':'");
    add_value(mark, anchor, make(mark, Node::Kind::kNull));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) return add_key(mark, "", "an alias cannot be a key");
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) stop(mark, "this alias stands for a value that contains it");
    Node node = known->second;
    place(node, mark);
    nodes_ += count_nodes(node);
    add_value(mark, 0, std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (wants_key()) return add_key(mark, value, "");
    Node node = make(mark, Node::Kind::kScalar);
    node.text = value;
    node.is_quoted = tag == "!" || tag.ends_with(":str");
    note_tag(mark, tag);
    add_value(mark, anchor, std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    YAML::Mark key_mark;
    bool is_dropped = false;  // the value of an unusable or repeated key
  };

  [[noreturn]] static void stop(const YAML::Mark& mark, std::string text) {
    throw Stop{mark.line + 1, mark.column + 1, std::move(text)};
  }

  void place(Node& node, const YAML::Mark& mark) const {
    node.source = source_;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
  }
  Node make(const YAML::Mark& mark, Node::Kind kind) {
    if (++nodes_ > kMaxNodes) stop(mark, "too many values for a configuration");
    Node node;
    node.kind = kind;
    place(node, mark);
    return node;
  }
  void note(const YAML::Mark& mark, std::string key, std::string text) {
    problems_.add({origin_of(make(mark, Node::Kind::kNull)), std::move(key), std::move(text)});
  }
  void note_tag(const YAML::Mark& mark, const std::string& tag) {
    const bool is_known =
        tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:");
    if (!is_known) note(mark, path(), fmt::format("YAML tags such as '{}' mean nothing here", tag));
  }

  bool wants_key() const {
    return !stack_.empty() && stack_.back().node.kind == Node::Kind::kMap && !stack_.back().has_key;
  }

  std::string path() const {
    std::string result;
    for (const Frame& frame : stack_) {
      const bool is_list = frame.node.kind == Node::Kind::kList;
      result = path_of(result, is_list ? std::to_string(frame.node.items.size()) : frame.key);
    }
    return result;
  }

  void add_key(const YAML::Mark& mark, const std::string& key, const std::string& problem) {
    Frame& frame = stack_.back();
    frame.has_key = true;
    frame.key = key;
    frame.key_mark = mark;
    frame.is_dropped = false;
    if (key == "<<") {
      note(mark, path(), "merge keys are not read: use `extends: FILE`");
      frame.is_dropped = true;
    } else if (!problem.empty()) {
      note(mark, "", problem);
      frame.is_dropped = true;
    } else if (const Node* first = frame.node.find(key)) {
      note(mark, path(), fmt::format("given twice, first in line {}", first->line));
      frame.is_dropped = true;
    }
  }

  void add_value(const YAML::Mark& mark, YAML::anchor_t anchor, Node node) {
    if (nodes_ > kMaxNodes) stop(mark, "too many values for a configuration");
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      root = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == Node::Kind::kList) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    frame.has_key = false;
    if (frame.is_dropped) return;
    place(node, frame.key_mark);
    frame.node.entries.push_back({frame.key, std::move(node)});
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    if (wants_key())
      stop(mark, "a key is a plain word, not a list or a map; or a bracket is not closed");
    if (stack_.size() >= kMaxDepth) stop(mark, "nested too deeply for a configuration");
    note_tag(mark, tag);
    stack_.push_back({make(mark, kind), anchor, false, "", mark, false});
  }
  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    const YAML::Mark mark = frame.key_mark;
    add_value(mark, frame.anchor, std::move(frame.node));
  }

  std::shared_ptr<const Source> source_;
  Problems& problems_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  size_t nodes_ = 0;
};

// YAML forbids tabs in the indentation; what parsers then say helps nobody.
void find_tabs(const Source& source, const std::shared_ptr<const Source>& owner,
               Problems& problems) {
  for (size_t i = 0; i < source.lines.size(); ++i) {
    const std::string& line = source.lines[i];
    const size_t text = line.find_first_not_of(" \t");
    const size_t tab = line.find('\t');
    if (text == std::string::npos || tab == std::string::npos || tab > text || line[text] == '#')
      continue;
    Node here;
    here.source = owner;
    here.line = static_cast<int64_t>(i) + 1;
    here.column = static_cast<int64_t>(tab) + 1;
    problems.add({origin_of(here), "", "a tab in the indentation: YAML wants spaces"});
  }
}

// A sentence when the bytes are no UTF-8 text, else "".
std::string why_not_text(std::string_view text) {
  int64_t line = 1;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                          : lead >= 0xE0                ? 3
                          : lead >= 0xC2                ? 2
                                                        : 0;
    bool is_valid = length > 0 && i + length <= text.size() && lead < 0xF5;
    for (size_t k = 1; is_valid && k < length; ++k)
      is_valid = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
    if (lead == 0) return fmt::format("holds a zero byte in line {}: not a text file", line);
    if (!is_valid) return fmt::format("is not UTF-8 text (byte 0x{:02x} in line {})", lead, line);
    if (lead == '\n') ++line;
    i += length;
  }
  return "";
}

}  // namespace

ParseResult parse_yaml(const std::string& text, std::shared_ptr<const Source> source) {
  ParseResult result;
  Problems& problems = result.problems;
  const auto fail = [&](int64_t line, int64_t column, const std::string& words) {
    Node here;
    here.source = source;
    here.line = line;
    here.column = column;
    problems.add({origin_of(here), "", words});
    result.is_usable = false;
  };

  const std::string no_text = why_not_text(text);
  if (!no_text.empty()) {
    fail(0, 0, no_text);
    return result;
  }
  find_tabs(*source, source, problems);
  if (!problems.empty()) {
    result.is_usable = false;
    return result;
  }
  TreeBuilder builder(source, problems);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    fail(stop.line, stop.column, stop.text);
  } catch (const YAML::Exception& error) {
    fail(error.mark.line + 1, error.mark.column + 1, fmt::format("not valid YAML: {}", error.msg));
  }
  result.root = std::move(builder.root);
  if (result.root.source == nullptr) result.root.source = source;
  return result;
}

}  // namespace vit::config
