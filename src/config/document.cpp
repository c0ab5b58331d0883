#include "vit/config/document.hpp"

#include "vit/core/text.hpp"

#include "config/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

namespace vit::config {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxBytes = size_t{4} << 20;

std::string read_config_text(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw ConfigError(fmt::format("'{}' is a folder, not a configuration file", path.string()));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxBytes + 1, '\0');
  if (!file) {
    throw ConfigError(
        fmt::format("cannot read the configuration '{}'\n{}", path.string(), std::strerror(errno)));
  }
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxBytes) {
    throw ConfigError(fmt::format("'{}' is larger than {}: not a configuration file", path.string(),
                                  human_bytes(static_cast<double>(kMaxBytes))));
  }
  return text;
}

// Loads a file and, below it, what it extends.
class Loader {
 public:
  Loader(const SearchPath& search, Problems& problems) : search_(search), problems_(problems) {}

  bool is_usable = true;

  Node load(const fs::path& path) {
    const std::string text = read_config_text(path);
    chain_.push_back(path);
    Node root =
        parse(text, path.string(), path.parent_path().empty() ? fs::path(".") : path.parent_path());
    chain_.pop_back();
    return root;
  }

  Node parse(const std::string& text, const std::string& name, const fs::path& folder) {
    std::string_view content = text;
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);  // a byte order mark
    const auto source = make_source(name, content, folder);
    ParseResult parsed = parse_yaml(std::string(content), source);
    problems_.add(parsed.problems);
    is_usable = is_usable && parsed.is_usable;
    Node root = std::move(parsed.root);
    if (!parsed.is_usable) return empty_map(root);
    if (root.kind == Node::Kind::kNull) return empty_map(root);
    if (root.kind != Node::Kind::kMap) {
      problems_.add(
          {origin_of(root), "", fmt::format("expected keys and values, got {}", what_it_is(root))});
      is_usable = false;
      return empty_map(root);
    }
    expand_variables(root, problems_);
    return extended(std::move(root), folder);
  }

 private:
  static Node empty_map(const Node& like) {
    Node root;
    root.kind = Node::Kind::kMap;
    root.source = like.source;
    return root;
  }

  Node extended(Node root, const fs::path& folder) {
    const auto entry = std::find_if(root.entries.begin(), root.entries.end(),
                                    [](const Entry& e) { return e.key == "extends"; });
    if (entry == root.entries.end()) return root;
    const Node bases = std::move(entry->value);
    root.entries.erase(entry);
    Node below = empty_map(root);
    if (bases.kind == Node::Kind::kList) {
      for (const Node& base : bases.items) below = merged(below, load_base(base, folder));
    } else {
      below = load_base(bases, folder);
    }
    return merged(below, root);
  }

  Node load_base(const Node& base, const fs::path& folder) {
    const auto refuse = [&](const std::string& text) {
      problems_.add({origin_of(base), "extends", text});
      is_usable = false;
      return empty_map(base);
    };
    if (base.kind == Node::Kind::kNull) return empty_map(base);
    if (base.kind != Node::Kind::kScalar)
      return refuse(fmt::format("expected a file, got {}", what_it_is(base)));
    fs::path path;
    try {
      const fs::path beside = folder / base.text;
      std::error_code ignored;
      path = fs::is_regular_file(beside, ignored) ? beside.lexically_normal()
                                                  : find_config(base.text, search_);
    } catch (const ConfigError& error) {
      return refuse(
          fmt::format("no file '{}' beside this one, and {}", base.text, first_line(error.what())));
    }
    const auto same = [&path](const fs::path& other) {
      std::error_code ignored;
      return fs::equivalent(other, path, ignored);
    };
    const auto first = std::find_if(chain_.begin(), chain_.end(), same);
    if (first != chain_.end()) {
      std::string circle;
      for (auto it = first; it != chain_.end(); ++it) circle += it->filename().string() + " -> ";
      return refuse("a circle: " + circle + path.filename().string());
    }
    try {
      return load(path);
    } catch (const ConfigError& error) {
      return refuse(first_line(error.what()));
    }
  }

  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

  const SearchPath& search_;
  Problems& problems_;
  std::vector<fs::path> chain_;  // the files that are being loaded, outermost first
};

bool is_config_file(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// The value at `key`, looked up in the top layer first.
const Node* lookup(const Node& node, std::string_view key) {
  if (key.empty()) return &node;
  const size_t dot = key.find('.');
  const std::string_view first = key.substr(0, dot);
  const std::string_view rest = dot == std::string_view::npos ? "" : key.substr(dot + 1);
  for (const Node* layer = &node; layer != nullptr; layer = layer->under.get()) {
    if (layer->kind == Node::Kind::kNull) return nullptr;
    const Node* below = layer->find(first);
    if (layer->kind == Node::Kind::kList && is_number(first)) {
      const size_t index = std::stoul(std::string(first));
      if (index < layer->items.size()) below = &layer->items[index];
    }
    const Node* found = below == nullptr ? nullptr : lookup(*below, rest);
    if (found != nullptr) return found;
  }
  return nullptr;
}

bool is_key(std::string_view key) {
  return !key.empty() && key.find("..") == std::string_view::npos && key.front() != '.' &&
         key.back() != '.' && key.find_first_of(" \t\n") == std::string_view::npos;
}

}  // namespace

std::vector<std::string> shipped_configs(const SearchPath& search) {
  std::vector<std::string> names;
  for (const fs::path& folder : search) {
    std::error_code error;
    fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied,
                                        error),
        end;
    for (; !error && it != end; it.increment(error)) {
      if (!is_config_file(it->path())) continue;
      names.push_back(it->path().lexically_relative(folder).replace_extension().generic_string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

fs::path find_config(const std::string& name_or_path, const SearchPath& search,
                     const std::string& kind) {
  std::error_code ignored;
  fs::path given = name_or_path;
  const auto exists = [&](const fs::path& path) {
    return fs::exists(path, ignored) && !fs::is_directory(path, ignored);
  };
  if (!name_or_path.empty() && exists(given)) return given;
  if (!name_or_path.empty() && given.is_relative()) {
    for (const fs::path& folder : search) {
      if (exists(folder / (name_or_path + ".yaml"))) return folder / (name_or_path + ".yaml");
      if (is_config_file(given) && exists(folder / given)) return folder / given;
    }
  }
  if (fs::is_directory(given, ignored)) {
    throw ConfigError(fmt::format("'{}' is a folder, not a configuration file", name_or_path));
  }
  std::vector<std::string> shipped = shipped_configs(search);
  std::erase_if(shipped, [&](const std::string& name) { return !name.starts_with(kind); });
  const bool is_path = is_config_file(given) || given.has_parent_path();
  std::string text =
      is_path ? fmt::format("no configuration file '{}'", name_or_path)
              : fmt::format("no configuration '{}', neither as a file nor among the shipped ones",
                            name_or_path);
  const std::string word = is_config_file(given) ? given.stem().string() : name_or_path;
  std::string guess = closest(word, shipped);
  if (guess.empty()) guess = closest(kind + word, shipped);
  if (!guess.empty()) text += fmt::format("; did you mean '{}'?", guess);
  if (!shipped.empty()) text += fmt::format("\nshipped: {}", join(shipped, ", "));
  throw ConfigError(text);
}

Document::Document() {
  Node root;
  root.kind = Node::Kind::kMap;
  root_ = std::make_shared<const Node>(std::move(root));
}

Document Document::from_file(const std::string& name_or_path, const SearchPath& search) {
  Document document;
  Loader loader(search, document.problems_);
  document.root_ = std::make_shared<const Node>(loader.load(find_config(name_or_path, search)));
  if (!loader.is_usable) throw InvalidConfig(document.problems_);
  return document;
}

Document Document::from_text(std::string_view text, const std::string& name,
                             const fs::path& folder) {
  Document document;
  Loader loader({}, document.problems_);
  document.root_ = std::make_shared<const Node>(loader.parse(std::string(text), name, folder));
  if (!loader.is_usable) throw InvalidConfig(document.problems_);
  return document;
}

Document& Document::overlay(const Document& later) {
  root_ = std::make_shared<const Node>(merged(*root_, *later.root_));
  problems_.add(later.problems_);
  return *this;
}

Document& Document::set(std::string_view assignment) {
  const std::string origin = fmt::format("--set {}", assignment);
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    const auto source = make_source(origin, "", {});
    problems_.add({{origin, 0, 0, "", source->order},
                   "",
                   "expected KEY=VALUE, such as --set optimizer.beta1=0.9"});
    return *this;
  }
  return set(assignment.substr(0, equals), assignment.substr(equals + 1), origin);
}

Document& Document::set(std::string_view key, std::string_view value, const std::string& origin,
                        const fs::path& folder) {
  auto source = make_source(origin, "", folder);
  if (!is_key(key)) {
    problems_.add({{origin, 0, 0, "", source->order}, "", fmt::format("'{}' is not a key", key)});
    return *this;
  }
  ParseResult parsed = parse_yaml(std::string(value), source);
  for (Problem problem : parsed.problems.list()) {
    problem.key = path_of(key, problem.key);
    problems_.add(std::move(problem));
  }
  if (!parsed.is_usable) return *this;
  Node node = std::move(parsed.root);
  Problems expansion;
  expand_variables(node, expansion);
  for (Problem problem : expansion.list()) {
    problem.key = path_of(key, problem.key);
    problems_.add(std::move(problem));
  }
  std::string_view rest = key;
  while (!rest.empty()) {
    const size_t dot = rest.rfind('.');
    Node map;
    map.kind = Node::Kind::kMap;
    map.source = source;
    map.entries.push_back({std::string(dot == std::string_view::npos ? rest : rest.substr(dot + 1)),
                           std::move(node)});
    node = std::move(map);
    rest = dot == std::string_view::npos ? "" : rest.substr(0, dot);
  }
  // A map on top with a key `name` would be taken for a named section; the root is none.
  Node root = *root_;
  for (Entry& entry : node.entries) {
    const auto same = std::find_if(root.entries.begin(), root.entries.end(),
                                   [&](const Entry& other) { return other.key == entry.key; });
    if (same == root.entries.end()) {
      root.entries.push_back(std::move(entry));
    } else {
      same->value = merged(same->value, entry.value);
    }
  }
  root_ = std::make_shared<const Node>(std::move(root));
  return *this;
}

bool Document::contains(std::string_view key) const {
  const Node* node = lookup(*root_, key);
  return node != nullptr && node->kind != Node::Kind::kNull;
}

std::string Document::scalar(std::string_view key) const {
  const Node* node = lookup(*root_, key);
  while (node != nullptr && node->kind == Node::Kind::kMap) {
    const Node* name = node->find("name");
    node = name != nullptr ? name : node->under.get();
  }
  return node != nullptr && node->kind == Node::Kind::kScalar ? node->text : "";
}

std::string Document::origin(std::string_view key) const {
  const Node* node = lookup(*root_, key);
  if (node == nullptr) return "";
  const Origin origin = origin_of(*node);
  return origin.line == 0 ? origin.place : origin.place.substr(0, origin.place.rfind(':'));
}

}  // namespace vit::config
