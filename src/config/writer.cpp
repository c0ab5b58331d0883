#include "vit/config/writer.hpp"

#include "config/node.hpp"
#include "config/read.hpp"
#include "config/scalars.hpp"
#include "config/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace vit::config {
namespace {

bool is_section(const TypeInfo& type, const void* value) {
  if (type.kind == Kind::kOptional)
    return type.size(value) == 1 &&
           is_section(type.element(), type.at(const_cast<void*>(value), 0));
  return type.kind == Kind::kStruct || type.kind == Kind::kComponent;
}

const void* element(const TypeInfo& type, const void* value, int64_t i) {
  return type.at(const_cast<void*>(value), i);
}

// In one line: "[0.5, 0.5]", "{name: flip, probability: 0.5}".
std::string flow(const TypeInfo& type, const void* value) {
  if (is_scalar(type.kind)) return format_scalar(type, value);
  if (type.kind == Kind::kOptional) {
    return type.size(value) == 0 ? "null" : flow(type.element(), element(type, value, 0));
  }
  std::string result;
  const auto add = [&result](const std::string& part) {
    result += (result.empty() ? "" : ", ") + part;
  };
  if (type.kind == Kind::kList) {
    for (int64_t i = 0; i < type.size(value); ++i)
      add(flow(type.element(), element(type, value, i)));
    return "[" + result + "]";
  }
  if (type.kind == Kind::kComponent)
    add("name: " + quoted_if_needed(section_of(type, value).name()));
  for (const Slot& slot : slots_of(type, value)) {
    add(fmt::format("{}: {}", slot.field->key, flow(slot.type(), slot.value())));
  }
  return "{" + result + "}";
}

class Writer {
 public:
  explicit Writer(const std::map<std::string, std::string>* origins) : origins_(origins) {}

  // The keys of a struct or component; with `defaults` (an object of the same type) only those that
  // differ.
  std::string section(const TypeInfo& type, const void* value, const void* defaults,
                      const std::string& path, size_t indent) const {
    if (type.kind == Kind::kComponent) return component(type, value, defaults, path, indent);
    return fields(slots_of(type, value),
                  defaults == nullptr ? std::vector<Slot>() : slots_of(type, defaults), path,
                  indent);
  }

 private:
  std::string component(const TypeInfo& type, const void* value, const void* defaults,
                        const std::string& path, size_t indent) const {
    const SectionBase& chosen = section_of(type, value);
    const std::string name = line("name", quoted_if_needed(chosen.name()), path, indent);
    const std::vector<Slot> slots = slots_of(type, value);
    if (defaults == nullptr) return name + fields(slots, {}, path, indent);
    // Where reading starts from: the default section, or this name's own start.
    const SectionBase& usual = section_of(type, defaults);
    const bool has_usual_name = !usual.empty() && usual.name() == chosen.name();
    const std::shared_ptr<void> start = type.clone(defaults);
    if (!has_usual_name) section_of(type, start.get()).choose(chosen.choice());
    const std::string rest = fields(slots, slots_of(type, start.get()), path, indent);
    return has_usual_name && rest.empty() ? "" : name + rest;
  }

  std::string fields(const std::vector<Slot>& slots, const std::vector<Slot>& defaults,
                     const std::string& path, size_t indent) const {
    std::string result;
    for (size_t i = 0; i < slots.size(); ++i) {
      const void* usual = defaults.empty() ? nullptr : defaults[i].value();
      result += field(slots[i], usual, path, indent);
    }
    return result;
  }

  std::string field(const Slot& slot, const void* usual, const std::string& path,
                    size_t indent) const {
    const TypeInfo* type = &slot.type();
    const void* value = slot.value();
    if (usual != nullptr && flow(*type, usual) == flow(*type, value)) return "";
    const std::string key(slot.field->key);
    if (is_section(*type, value)) {
      if (type->kind == Kind::kOptional) {
        const bool both = usual != nullptr && type->size(usual) == 1;
        usual = both ? element(*type, usual, 0) : nullptr;
        value = element(*type, value, 0);
        type = &type->element();
      }
      const std::string body = section(*type, value, usual, path_of(path, key), indent + 2);
      if (body.empty()) return line(key, "{}", path, indent);
      return fmt::format("{:{}}{}:\n{}", "", indent, key, body);
    }
    const bool is_list_of_sections = type->kind == Kind::kList && type->size(value) > 0 &&
                                     is_section(type->element(), element(*type, value, 0));
    if (!is_list_of_sections) return line(key, flow(*type, value), path, indent);
    std::string result = fmt::format("{:{}}{}:{}\n", "", indent, key, comment(path_of(path, key)));
    for (int64_t i = 0; i < type->size(value); ++i) {
      result += fmt::format("{:{}}- {}\n", "", indent + 2,
                            flow(type->element(), element(*type, value, i)));
    }
    return result;
  }

  std::string line(const std::string& key, const std::string& text, const std::string& path,
                   size_t indent) const {
    return fmt::format("{:{}}{}: {}{}\n", "", indent, key, text, comment(path_of(path, key)));
  }
  std::string comment(const std::string& path) const {
    if (origins_ == nullptr) return "";
    const auto known = origins_->find(path);
    std::string origin = known == origins_->end() ? "default" : known->second;
    std::replace(origin.begin(), origin.end(), '\n', ' ');
    return "  # " + origin;
  }

  const std::map<std::string, std::string>* origins_;
};

void add_leaves(const TypeInfo& type, const void* value, const std::string& path, bool resumable,
                std::vector<Leaf>& leaves) {
  if (type.kind == Kind::kOptional && type.size(value) == 1) {
    return add_leaves(type.element(), element(type, value, 0), path, resumable, leaves);
  }
  if (type.kind == Kind::kList && type.size(value) > 0 &&
      is_section(type.element(), element(type, value, 0))) {
    for (int64_t i = 0; i < type.size(value); ++i) {
      add_leaves(type.element(), element(type, value, i), path_of(path, std::to_string(i)),
                 resumable, leaves);
    }
    return;
  }
  if (type.kind != Kind::kStruct && type.kind != Kind::kComponent) {
    leaves.push_back({path, flow(type, value), resumable});
    return;
  }
  if (type.kind == Kind::kComponent) {
    leaves.push_back(
        {path_of(path, "name"), quoted_if_needed(section_of(type, value).name()), resumable});
  }
  for (const Slot& slot : slots_of(type, value)) {
    add_leaves(slot.type(), slot.value(), path_of(path, slot.field->key),
               resumable || slot.field->is_resumable, leaves);
  }
}

}  // namespace

std::string text_of(const Difference& change) {
  const auto or_none = [](const std::string& text) { return text.empty() ? "(none)" : text; };
  return fmt::format("{}: {} -> {}", change.key, or_none(change.old_text),
                     or_none(change.new_text));
}

std::string detail::write(const TypeInfo& type, const void* value, const void* defaults,
                          const Document* origins) {
  if (type.kind != Kind::kStruct && type.kind != Kind::kComponent) return flow(type, value) + "\n";
  std::map<std::string, std::string> places;
  if (origins != nullptr) {
    const std::shared_ptr<void> scratch = type.make();
    read_collecting(type, scratch.get(), *origins, &places);
  }
  const std::string text =
      Writer(origins == nullptr ? nullptr : &places).section(type, value, defaults, "", 0);
  return text.empty() ? "{}\n" : text;
}

bool detail::same_values(const TypeInfo& type, const void* a, const void* b) {
  return flow(type, a) == flow(type, b);
}

std::vector<Leaf> detail::leaves(const TypeInfo& type, const void* value) {
  std::vector<Leaf> result;
  add_leaves(type, value, "", false, result);
  return result;
}

std::vector<Difference> detail::diff(const TypeInfo& type, const void* before, const void* after) {
  const std::vector<Leaf> olds = leaves(type, before), news = leaves(type, after);
  const auto find = [](const std::vector<Leaf>& list, const std::string& key) {
    return std::find_if(list.begin(), list.end(),
                        [&key](const Leaf& leaf) { return leaf.key == key; });
  };
  std::vector<Difference> result;
  for (const Leaf& leaf : olds) {
    const auto now = find(news, leaf.key);
    if (now == news.end()) {
      result.push_back({leaf.key, leaf.text, "", leaf.resumable});
    } else if (now->text != leaf.text) {
      result.push_back({leaf.key, leaf.text, now->text, leaf.resumable});
    }
  }
  for (const Leaf& leaf : news) {
    if (find(olds, leaf.key) == olds.end())
      result.push_back({leaf.key, "", leaf.text, leaf.resumable});
  }
  return result;
}

}  // namespace vit::config
