#include "config/walk.hpp"

#include "vit/core/error.hpp"

#include <algorithm>
#include <string>

namespace vit::config {
namespace {

void add_slots(const TypeInfo& type, void* owner, std::vector<Slot>& slots) {
  for (const FieldInfo& field : type.fields) slots.push_back({&field, owner});
}

}  // namespace

SectionBase& section_of(const TypeInfo& type, const void* value) {
  return *type.section(const_cast<void*>(value));
}

std::vector<Slot> slots_of(const TypeInfo& type, const void* value) {
  void* owner = const_cast<void*>(value);  // members are only looked at
  std::vector<Slot> slots;
  if (type.kind == Kind::kStruct) add_slots(type, owner, slots);
  if (type.kind == Kind::kComponent) {
    if (type.common != nullptr) add_slots(type.common_type(), type.common(owner), slots);
    const SectionBase& section = section_of(type, value);
    if (!section.empty()) {
      const TypeInfo& own = type.catalog().entries()[section.choice().entry].type();
      add_slots(own, const_cast<void*>(section.value()), slots);
    }
  }
  return slots;
}

std::vector<const FieldInfo*> fields_of_entry(const TypeInfo& component, size_t entry) {
  std::vector<const FieldInfo*> result;
  if (component.common_type != nullptr) {
    for (const FieldInfo& field : component.common_type().fields) result.push_back(&field);
  }
  const CatalogBase::Entry& chosen = component.catalog().entries()[entry];
  for (const FieldInfo& field : chosen.type().fields) {
    const bool is_taken = field.key == "name" || is_common_key(component, field.key);
    VIT_CHECK(!is_taken, "the key '" + std::string(field.key) + "' of " +
                             component.catalog().what() + " '" + chosen.name +
                             "' exists in every such section");
    result.push_back(&field);
  }
  return result;
}

bool is_common_key(const TypeInfo& component, std::string_view key) {
  if (component.common_type == nullptr) return false;
  const std::vector<FieldInfo>& fields = component.common_type().fields;
  return std::any_of(fields.begin(), fields.end(),
                     [key](const FieldInfo& field) { return field.key == key; });
}

}  // namespace vit::config
