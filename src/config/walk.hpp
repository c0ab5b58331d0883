// How a section lays out its keys; shared by everything that walks a value beside its description.
#pragma once

#include "vit/config/component.hpp"
#include "vit/config/schema.hpp"

#include <string_view>
#include <vector>

namespace vit::config {

// One key of a section: what describes it, and the object whose member it is.
struct Slot {
  const FieldInfo* field = nullptr;
  void* owner = nullptr;

  const TypeInfo& type() const { return field->type(); }
  void* value() const { return field->address(owner); }
};

// The fields of a struct; for a component those of its Common, then the entry's own (without
// `name`). An unnamed component has only the common ones. Values are not changed by asking.
std::vector<Slot> slots_of(const TypeInfo& type, const void* value);

SectionBase& section_of(const TypeInfo& type, const void* value);

// The keys a section of this entry has: Common and own.
std::vector<const FieldInfo*> fields_of_entry(const TypeInfo& component, size_t entry);
bool is_common_key(const TypeInfo& component, std::string_view key);

}  // namespace vit::config
