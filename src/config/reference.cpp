// The Markdown reference and the plain-text help.
#include "vit/config/reference.hpp"

#include "vit/core/text.hpp"

#include "config/describe_field.hpp"
#include "config/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace vit::config {
namespace {

bool is_nested(const TypeInfo& type) {
  const Kind kind = core_type(type).kind;
  return kind == Kind::kStruct || kind == Kind::kComponent;
}

// A row of a table: one key.
struct Row {
  std::string key, type, usual, help;
};

std::string help_of(const FieldInfo& field) {
  return std::string(field.help) + (field.is_resumable ? " May change on resume." : "");
}

// "section, see below" for keys that get tables of their own; their defaults are shown there.
Row row_of(const Slot& slot) {
  const TypeInfo& type = slot.type();
  Row row{std::string(slot.field->key), type_with_checks(*slot.field), "", help_of(*slot.field)};
  const bool is_plain_section = type.kind == Kind::kStruct;
  if (type.kind == Kind::kComponent) {
    const SectionBase& section = section_of(type, slot.value());
    row.usual = section.empty() ? "" : section.name();
  } else if (!is_plain_section) {
    row.usual = default_text(type, slot.value());
  }
  return row;
}

// An object whose members are the defaults of what a field holds: the value itself, an element made
// for the purpose.
std::shared_ptr<void> core_default(const TypeInfo& type, const void* value) {
  const bool holds_another = type.kind == Kind::kList || type.kind == Kind::kOptional;
  if (!holds_another) return type.clone(value);
  if (type.kind == Kind::kOptional && type.size(value) == 1) {
    return core_default(type.element(), type.at(const_cast<void*>(value), 0));
  }
  const std::shared_ptr<void> fresh = type.element().make();
  return core_default(type.element(), fresh.get());
}

// Walks the description; what is written for each part is the subclass's.
class Page {
 public:
  virtual ~Page() = default;

  // All sections below `slots`; `path` is theirs.
  void sections(const std::vector<Slot>& slots, const std::string& path) {
    for (const Slot& slot : slots) {
      if (is_nested(slot.type())) section(slot, path_of(path, slot.field->key));
    }
  }

  void section(const Slot& slot, const std::string& path) {
    const TypeInfo& core = core_type(slot.type());
    const std::shared_ptr<void> usual = core_default(slot.type(), slot.value());
    heading(path, slot);
    if (core.kind == Kind::kStruct) {
      const std::vector<Slot> slots = slots_of(core, usual.get());
      table(slots);
      return sections(slots, path);
    }
    const CatalogBase& catalog = core.catalog();
    std::vector<Slot> common;
    if (core.common_type != nullptr) common = common_slots(core, usual.get());
    const auto shown = std::find_if(shown_.begin(), shown_.end(),
                                    [&](const auto& s) { return s.first == &catalog; });
    if (shown != shown_.end()) {
      table(common);
      return see(shown->second);
    }
    shown_.emplace_back(&catalog, path);
    table(common);
    sections(common, path);
    for (size_t i = 0; i < catalog.entries().size(); ++i) entry(catalog, i, path);
  }

  std::string text;

 protected:
  virtual void heading(const std::string& path, const Slot& slot) = 0;
  virtual void table(const std::vector<Slot>& slots) = 0;
  virtual void see(const std::string& path) = 0;
  virtual void entry_heading(const std::string& path, const CatalogBase::Choice& choice) = 0;
  virtual void presets(const CatalogBase& catalog,
                       const std::vector<const CatalogBase::Choice*>& presets) = 0;

 private:
  static std::vector<Slot> common_slots(const TypeInfo& component, void* value) {
    std::vector<Slot> slots;
    void* owner = component.common(value);
    for (const FieldInfo& field : component.common_type().fields) slots.push_back({&field, owner});
    return slots;
  }

  void entry(const CatalogBase& catalog, size_t index, const std::string& path) {
    const CatalogBase::Entry& entry = catalog.entries()[index];
    const CatalogBase::Choice& own = catalog.choice(entry.name);
    entry_heading(path, own);
    const std::shared_ptr<const void> start = start_of(catalog, own);
    const std::vector<Slot> slots = slots_of(entry.type(), start.get());
    table(slots);
    std::vector<const CatalogBase::Choice*> list;
    for (const CatalogBase::Choice& choice : catalog.choices()) {
      if (choice.entry == index && &choice != &own) list.push_back(&choice);
    }
    if (!list.empty()) presets(catalog, list);
    sections(slots, path);
  }

  std::vector<std::pair<const CatalogBase*, std::string>> shown_;
};

class Markdown final : public Page {
 public:
  void table(const std::vector<Slot>& slots) override {
    if (slots.empty()) return;
    text += "\n| key | type | default | meaning |\n|---|---|---|---|\n";
    for (const Slot& slot : slots) {
      const Row row = row_of(slot);
      const std::string usual = row.usual.empty() ? "" : fmt::format("`{}`", cell(row.usual));
      text +=
          fmt::format("| `{}` | {} | {} | {} |\n", row.key, cell(row.type), usual, cell(row.help));
    }
  }

 protected:
  void heading(const std::string& path, const Slot& slot) override {
    const TypeInfo& type = slot.type();
    const bool is_component = core_type(type).kind == Kind::kComponent;
    std::string kind = is_component ? "A section chosen by its `name`" : "A section";
    if (type.kind == Kind::kList)
      kind = is_component ? "A list of sections, each chosen by its `name`" : "A list of sections";
    if (type.kind == Kind::kComponent) {
      const SectionBase& section = section_of(type, slot.value());
      if (!section.empty()) kind += fmt::format(" (default `{}`)", section.name());
    }
    text += fmt::format("\n## `{}`\n\n{} {}.\n", path, help_of(*slot.field), kind);
  }
  void see(const std::string& path) override {
    text += fmt::format("\nThe names are those of [`{0}`](#{0}).\n", path);
  }
  void entry_heading(const std::string& path, const CatalogBase::Choice& choice) override {
    text += fmt::format("\n### `{}: {}`\n\n{}", path, choice.name, choice.help);
    if (!choice.aliases.empty()) text += fmt::format(" Also called {}.", names(choice.aliases));
    text += "\n";
  }
  void presets(const CatalogBase& catalog,
               const std::vector<const CatalogBase::Choice*>& presets) override {
    text += "\n| preset | also called | sets |\n|---|---|---|\n";
    for (const CatalogBase::Choice* preset : presets) {
      const std::string help = preset->help.empty() ? "" : fmt::format("{} ", cell(preset->help));
      const std::string changes = preset_text(catalog, *preset);
      const std::string sets =
          changes.empty() ? "the defaults" : fmt::format("`{}`", cell(changes));
      text +=
          fmt::format("| `{}` | {} | {}{} |\n", preset->name, names(preset->aliases), help, sets);
    }
  }

 private:
  static std::string cell(std::string_view value) {
    std::string result;
    for (const char c : value) {
      if (c == '|') result += '\\';
      result += c;
    }
    return result;
  }
  static std::string names(const std::vector<std::string>& names) {
    std::vector<std::string> quoted;
    for (const std::string& name : names) quoted.push_back(fmt::format("`{}`", name));
    return join(quoted, ", ");
  }
};

class PlainText final : public Page {
 public:
  void table(const std::vector<Slot>& slots) override {
    std::vector<Row> rows;
    size_t key_width = 0, usual_width = 0;
    for (const Slot& slot : slots) {
      rows.push_back(row_of(slot));
      key_width = std::max(key_width, rows.back().key.size());
      usual_width = std::max(usual_width, std::min<size_t>(rows.back().usual.size(), 24));
    }
    for (const Row& row : rows) {
      text += fmt::format("  {:{}}  {:{}}  {} [{}]\n", row.key, key_width, row.usual, usual_width,
                          row.help, row.type);
    }
  }

 protected:
  void heading(const std::string& path, const Slot& slot) override {
    text += fmt::format("{}{}: {}\n", text.empty() ? "" : "\n", path, help_of(*slot.field));
  }
  void see(const std::string& path) override { text += fmt::format("  names as for {}\n", path); }
  void entry_heading(const std::string&, const CatalogBase::Choice& choice) override {
    const std::string also =
        choice.aliases.empty() ? "" : fmt::format(" ({})", join(choice.aliases, ", "));
    text += fmt::format("\n  name: {}{}  {}\n", choice.name, also, choice.help);
  }
  void presets(const CatalogBase& catalog,
               const std::vector<const CatalogBase::Choice*>& presets) override {
    text += "  presets:\n";
    size_t width = 0;
    for (const CatalogBase::Choice* preset : presets) width = std::max(width, preset->name.size());
    for (const CatalogBase::Choice* preset : presets) {
      text += fmt::format("    {:{}}  {}\n", preset->name, width, preset_text(catalog, *preset));
    }
  }
};

}  // namespace

std::string detail::reference(const TypeInfo& type, const void* defaults) {
  Markdown page;
  const std::vector<Slot> slots = slots_of(type, defaults);
  page.text = "## Top level\n";
  page.table(slots);
  page.sections(slots, "");
  return page.text;
}

std::string detail::help_text(const TypeInfo& type, const void* defaults,
                              std::string_view section) {
  PlainText page;
  std::vector<Slot> slots = slots_of(type, defaults);
  if (section.empty()) {
    page.text = "keys of a configuration: key, default, meaning [type]\n";
    page.table(slots);
    page.sections(slots, "");
    return page.text;
  }
  std::vector<std::string> keys;
  for (const Slot& slot : slots) {
    keys.emplace_back(slot.field->key);
    if (slot.field->key != section) continue;
    if (is_nested(slot.type())) {
      page.section(slot, std::string(section));
    } else {
      page.table({slot});
    }
    return page.text;
  }
  const std::string guess = closest(section, keys);
  throw ConfigError(fmt::format("no section '{}'{}\nthere are {}", section,
                                guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess),
                                join_words(keys)));
}

}  // namespace vit::config
