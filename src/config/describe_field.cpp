#include "config/describe_field.hpp"

#include "vit/config/writer.hpp"

#include <fmt/format.h>

namespace vit::config {

std::string type_with_checks(const FieldInfo& field) {
  std::string result = type_text(field.type());
  for (const Check& check : field.checks) {
    if (check.kind != Check::Kind::kNone) result += ", " + check_text(check);
  }
  return result;
}

std::string default_text(const TypeInfo& type, const void* value) {
  std::string text = detail::write(type, value, nullptr, nullptr);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

const TypeInfo& core_type(const TypeInfo& type) {
  const bool holds_another = type.kind == Kind::kList || type.kind == Kind::kOptional;
  return holds_another ? core_type(type.element()) : type;
}

std::shared_ptr<const void> start_of(const CatalogBase& catalog,
                                     const CatalogBase::Choice& choice) {
  if (choice.start != nullptr) return choice.start;
  return catalog.entries()[choice.entry].type().make();
}

std::string preset_text(const CatalogBase& catalog, const CatalogBase::Choice& preset) {
  const TypeInfo& type = catalog.entries()[preset.entry].type();
  const std::shared_ptr<void> defaults = type.make();
  std::string result;
  for (const Difference& change :
       detail::diff(type, defaults.get(), start_of(catalog, preset).get())) {
    result += fmt::format("{}{}: {}", result.empty() ? "" : ", ", change.key, change.new_text);
  }
  return result;
}

}  // namespace vit::config
