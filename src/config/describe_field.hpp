// Words about one field, shared by help, reference and JSON Schema.
#pragma once

#include "vit/config/schema.hpp"

#include "config/scalars.hpp"
#include "config/walk.hpp"

#include <string>
#include <string_view>

namespace vit::config {

// "float, 0 to 1"
std::string type_with_checks(const FieldInfo& field);
// In one line, as YAML.
std::string default_text(const TypeInfo& type, const void* value);

// What a field's type is made of, seen through list and optional: the struct or component it holds,
// or a scalar.
const TypeInfo& core_type(const TypeInfo& type);

// An object of an entry's configuration as one of its names sets it.
std::shared_ptr<const void> start_of(const CatalogBase& catalog, const CatalogBase::Choice& choice);

// What a preset changes of its entry's defaults: "width: 768, depth: 12".
std::string preset_text(const CatalogBase& catalog, const CatalogBase::Choice& preset);

}  // namespace vit::config
