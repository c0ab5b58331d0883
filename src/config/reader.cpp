#include "vit/config/reader.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/text.hpp"

#include "config/node.hpp"
#include "config/read.hpp"
#include "config/scalars.hpp"
#include "config/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vit::config {
namespace {

// A map with the layers below it folded in, and what a component's layers say about its name.
struct Folded {
  Node map;
  const CatalogBase::Choice* choice = nullptr;
  std::string name;  // as the last layer that gives one writes it
  Origin name_origin;
};

class Reader {
 public:
  explicit Reader(std::map<std::string, std::string>* origins) : origins_(origins) {}

  // `node` is null when no layer gives the value: defaults are checked too. `section` is the
  // closest map that was written.
  void read(const TypeInfo& type, void* value, const Node* node, const std::string& path,
            const Node& section);

  Problems finish(const TypeInfo& type, const void* value);

 private:
  void add(const Node& node, const std::string& path, std::string text) {
    problems_.add({origin_of(node), path, std::move(text)});
  }
  void read_struct(const TypeInfo& type, void* value, const Node* node, const std::string& path,
                   const Node& section);
  void read_component(const TypeInfo& type, void* value, const Node* node, const std::string& path,
                      const Node& section);
  void read_list(const TypeInfo& type, void* value, const Node& node, const std::string& path);
  void read_fields(const std::vector<Slot>& slots, const Node* map, const std::string& path,
                   const Node& section);
  void find_unknown(const Node& map, const std::vector<std::string>& keys, const std::string& path,
                    const TypeInfo* component, size_t entry);
  void run_check(const TypeInfo& type, const void* value, const Node* map, const std::string& path,
                 const Node& section);
  void note_origin(const Node& node, const std::string& path);

  Folded fold_component(const TypeInfo& type, const SectionBase& initial, const Node& node) const;

  Problems problems_;
  std::vector<UnknownKey> unknown_;
  std::map<std::string, std::string>* origins_;
};

void Reader::note_origin(const Node& node, const std::string& path) {
  if (origins_ == nullptr) return;
  const Origin origin = origin_of(node);
  (*origins_)[path] =
      origin.line == 0 ? origin.place : origin.place.substr(0, origin.place.rfind(':'));
}

void Reader::read(const TypeInfo& type, void* value, const Node* node, const std::string& path,
                  const Node& section) {
  const bool is_null = node != nullptr && node->kind == Node::Kind::kNull;
  if (node != nullptr) note_origin(*node, path);
  if (type.kind == Kind::kOptional) {
    if (is_null) return type.resize(value, 0);
    if (node != nullptr) type.resize(value, 1);
    if (type.size(value) == 1) read(type.element(), type.at(value, 0), node, path, section);
    return;
  }
  const Node* given = is_null ? nullptr : node;
  if (type.kind == Kind::kStruct) return read_struct(type, value, given, path, section);
  if (type.kind == Kind::kComponent) return read_component(type, value, given, path, section);
  if (given == nullptr) {
    if (type.kind != Kind::kList) return;
    for (int64_t i = 0; i < type.size(value); ++i) {
      read(type.element(), type.at(value, i), nullptr, path_of(path, std::to_string(i)), section);
    }
    return;
  }
  if (type.kind == Kind::kList) return read_list(type, value, *given, path);
  std::string wrong = parse_scalar(type, value, *given);
  if (!wrong.empty()) add(*given, path, std::move(wrong));
}

void Reader::read_struct(const TypeInfo& type, void* value, const Node* node,
                         const std::string& path, const Node& section) {
  Node map;
  if (node != nullptr) {
    map = folded_map(*node);
    if (map.kind != Node::Kind::kMap) {
      return add(*node, path, fmt::format("expected keys and values, got {}", what_it_is(*node)));
    }
  }
  const Node* given = node == nullptr ? nullptr : &map;
  const size_t before = problems_.size() + unknown_.size();
  const std::vector<Slot> slots = slots_of(type, value);
  read_fields(slots, given, path, given == nullptr ? section : map);
  std::vector<std::string> keys;
  for (const Slot& slot : slots) keys.emplace_back(slot.field->key);
  if (given != nullptr) find_unknown(map, keys, path, nullptr, 0);
  if (problems_.size() + unknown_.size() == before)
    run_check(type, value, given, path, given == nullptr ? section : map);
}

void Reader::read_fields(const std::vector<Slot>& slots, const Node* map, const std::string& path,
                         const Node& section) {
  for (const Slot& slot : slots) {
    const Node* node = map == nullptr ? nullptr : map->find(slot.field->key);
    const std::string key = path_of(path, slot.field->key);
    const size_t before = problems_.size();
    read(slot.type(), slot.value(), node, key, section);
    if (problems_.size() != before) continue;
    for (const Check& check : slot.field->checks) {
      std::string wrong = violation(check, slot.type(), slot.value());
      if (wrong.empty()) continue;
      add(node == nullptr ? section : *node, key, std::move(wrong));
      break;
    }
  }
}

void Reader::find_unknown(const Node& map, const std::vector<std::string>& keys,
                          const std::string& path, const TypeInfo* component, size_t entry) {
  for (const Entry& given : map.entries) {
    if (std::find(keys.begin(), keys.end(), given.key) != keys.end()) continue;
    UnknownKey unknown{origin_of(given.value), path, given.key, keys, ""};
    for (size_t other = 0; component != nullptr && other < component->catalog().entries().size();
         ++other) {
      const std::vector<const FieldInfo*> fields = fields_of_entry(*component, other);
      const bool has_it = std::any_of(fields.begin(), fields.end(),
                                      [&](const FieldInfo* f) { return f->key == given.key; });
      if (!has_it) continue;
      const auto& entries = component->catalog().entries();
      unknown.elsewhere =
          fmt::format("{} '{}' does not have it, '{}' does", component->catalog().what(),
                      entries[entry].name, entries[other].name);
      break;
    }
    unknown_.push_back(std::move(unknown));
  }
}

void Reader::run_check(const TypeInfo& type, const void* value, const Node* map,
                       const std::string& path, const Node& section) {
  if (type.check == nullptr) return;
  Problems found;
  type.check(value, found);
  for (const Problem& problem : found.list()) {
    const std::string first = problem.key.substr(0, problem.key.find('.'));
    const Node* node = map == nullptr ? nullptr : map->find(first);
    add(node == nullptr ? section : *node, path_of(path, problem.key), problem.text);
  }
}

// From the lowest layer up: null starts afresh, another name drops what belongs to the old one.
Folded Reader::fold_component(const TypeInfo& type, const SectionBase& initial,
                              const Node& node) const {
  Folded result;
  if (node.under != nullptr) {
    result = fold_component(type, initial, *node.under);
  } else {
    result.map.kind = Node::Kind::kMap;
    if (!initial.empty()) result.choice = &initial.choice();
  }
  if (node.kind == Node::Kind::kNull || node.kind == Node::Kind::kList) {
    Folded fresh;
    fresh.map.kind = Node::Kind::kMap;
    if (!initial.empty()) fresh.choice = &initial.choice();
    return fresh;
  }
  const Node* name = node.kind == Node::Kind::kScalar ? &node : node.find("name");
  if (name != nullptr && name->kind == Node::Kind::kScalar) {
    const CatalogBase::Choice* choice = type.catalog().find(name->text);
    if (choice == nullptr || choice != result.choice) {
      std::erase_if(result.map.entries, [&](const Entry& entry) {
        const bool is_typed_in =
            entry.value.source != nullptr && entry.value.source->is_command_line();
        return !is_typed_in && !is_common_key(type, entry.key);
      });
    }
    result.choice = choice;
    result.name = name->text;
    result.name_origin = origin_of(*name);
  }
  if (node.kind == Node::Kind::kMap) {
    Node upper = node;
    upper.under = nullptr;
    std::erase_if(upper.entries, [](const Entry& entry) { return entry.key == "name"; });
    result.map = merged(result.map, upper);
  }
  result.map.source = node.source;
  result.map.line = node.line;
  result.map.column = node.column;
  return result;
}

void Reader::read_component(const TypeInfo& type, void* value, const Node* node,
                            const std::string& path, const Node& section) {
  SectionBase& component = section_of(type, value);
  Folded folded;
  if (node != nullptr) {
    if (node->kind == Node::Kind::kList)
      return add(*node, path, "expected a name or keys and values, got a list");
    const Node* name = node->find("name");
    if (name != nullptr && name->kind != Node::Kind::kScalar && name->kind != Node::Kind::kNull) {
      return add(*name, path_of(path, "name"),
                 fmt::format("expected a name, got {}", what_it_is(*name)));
    }
    folded = fold_component(type, component, *node);
  } else if (!component.empty()) {
    folded.choice = &component.choice();
  }
  const Node* given = node == nullptr ? nullptr : &folded.map;
  const Node& closest_section = node == nullptr ? section : folded.map;
  const size_t before = problems_.size() + unknown_.size();
  if (folded.choice == nullptr) {
    if (folded.name.empty()) {
      const std::vector<std::string> names = type.catalog().names();
      const std::string known =
          names.size() <= 12 ? fmt::format("; one of {}", quoted_words(names)) : "";
      return add(closest_section, path_of(path, "name"), fmt::format("must be given{}", known));
    }
    const bool is_shorthand = node != nullptr && node->kind == Node::Kind::kScalar;
    problems_.add({folded.name_origin, is_shorthand ? path : path_of(path, "name"),
                   type.catalog().unknown(folded.name)});
    return;
  }
  if (component.empty() || folded.choice != &component.choice()) component.choose(*folded.choice);
  if (origins_ != nullptr && !folded.name.empty()) {
    const Origin& origin = folded.name_origin;
    (*origins_)[path_of(path, "name")] =
        origin.line == 0 ? origin.place : origin.place.substr(0, origin.place.rfind(':'));
  }

  component.mutable_value();  // this section's own copy, which the slots below refer to
  const size_t entry = folded.choice->entry;
  std::vector<std::string> keys = {"name"};
  for (const FieldInfo* field : fields_of_entry(type, entry)) keys.emplace_back(field->key);
  read_fields(slots_of(type, value), given, path, closest_section);
  if (given != nullptr) find_unknown(folded.map, keys, path, &type, entry);
  if (problems_.size() + unknown_.size() != before) return;
  if (type.common != nullptr)
    run_check(type.common_type(), type.common(value), given, path, closest_section);
  run_check(type.catalog().entries()[entry].type(), component.value(), given, path,
            closest_section);
}

void Reader::read_list(const TypeInfo& type, void* value, const Node& node,
                       const std::string& path) {
  std::vector<const Node*> items;
  Node folded;
  if (node.kind == Node::Kind::kMap) {  // --set augment.0.size=96
    const Node* below = node.under.get();
    const bool has_list = below != nullptr && below->kind == Node::Kind::kList;
    const size_t old_size = has_list ? below->items.size() : static_cast<size_t>(type.size(value));
    if (has_list) folded.items = below->items;
    items.resize(old_size, nullptr);
    for (size_t i = 0; has_list && i < old_size; ++i) items[i] = &folded.items[i];
    for (const Entry& entry : node.entries) {
      if (!is_number(entry.key)) {
        return add(entry.value, path_of(path, entry.key),
                   "expected the number of an element of this list");
      }
      const size_t index = std::stoul(entry.key);
      if (index > items.size()) {
        return add(entry.value, path_of(path, entry.key),
                   fmt::format("the list has {} elements", old_size));
      }
      if (index == items.size()) {
        items.push_back(&entry.value);
      } else if (has_list && index < old_size) {
        folded.items[index] = merged(folded.items[index], entry.value);
      } else {
        items[index] = &entry.value;
      }
    }
    if (has_list) type.resize(value, 0);
  } else if (node.kind == Node::Kind::kList) {
    for (const Node& item : node.items) items.push_back(&item);
    type.resize(value, 0);  // elements start from their own defaults
  } else {
    return add(node, path,
               fmt::format("expected a list, got {}; write [{}]", what_it_is(node), node.text));
  }
  type.resize(value, static_cast<int64_t>(items.size()));
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string key = path_of(path, std::to_string(i));
    const bool is_empty = items[i] != nullptr && items[i]->kind == Node::Kind::kNull &&
                          type.element().kind != Kind::kOptional;
    if (is_empty) {
      add(*items[i], key, "an empty element");
    } else {
      read(type.element(), type.at(value, static_cast<int64_t>(i)), items[i], key,
           items[i] != nullptr ? *items[i] : node);
    }
  }
}

Problems Reader::finish(const TypeInfo& type, const void* value) {
  if (unknown_.empty()) return std::move(problems_);
  std::vector<std::string> keys;
  for (const Leaf& leaf : detail::leaves(type, value)) {
    for (size_t dot = leaf.key.find('.'); dot != std::string::npos;
         dot = leaf.key.find('.', dot + 1)) {
      std::string section = leaf.key.substr(0, dot);
      if (std::find(keys.begin(), keys.end(), section) == keys.end())
        keys.push_back(std::move(section));
    }
    keys.push_back(leaf.key);
  }
  for (const UnknownKey& unknown : unknown_) problems_.add(describe_unknown(unknown, keys));
  return std::move(problems_);
}

}  // namespace

Problems read_collecting(const TypeInfo& type, void* value, const Document& document,
                         std::map<std::string, std::string>* origins) {
  Reader reader(origins);
  reader.read(type, value, &document.root(), "", document.root());
  return reader.finish(type, value);
}

void detail::read_into(const TypeInfo& type, void* value, const Document& document) {
  Problems problems = document.problems();
  problems.add(read_collecting(type, value, document));
  if (!problems.empty()) throw InvalidConfig(std::move(problems));
}

}  // namespace vit::config
