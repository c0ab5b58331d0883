// JSON Schema for editors, from the description.
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "config/describe_field.hpp"
#include "vit/config/reference.hpp"
#include "vit/core/text.hpp"

namespace vit::config {
namespace {

std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string json_list(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(json_text(word));
  return "[" + join(quoted, ", ") + "]";
}

using Members = std::vector<std::pair<std::string, std::string>>;  // name and JSON

std::string object(const Members& members) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : members) parts.push_back(json_text(name) + ": " + value);
  return "{" + join(parts, ", ") + "}";
}

void add_check(const Check& check, const TypeInfo& type, Members& members) {
  const bool is_number = type.kind == Kind::kInt || type.kind == Kind::kFloat;
  const auto number = [](double x) { return fmt::format("{}", x); };
  if (check.kind == Check::Kind::kNotEmpty) {
    members.emplace_back(type.kind == Kind::kList ? "minItems" : "minLength", "1");
  } else if (check.kind == Check::Kind::kOneOf && type.kind == Kind::kString) {
    std::vector<std::string> words;
    for (const char* word : check.words) {
      if (word != nullptr) words.emplace_back(word);
    }
    members.emplace_back("enum", json_list(words));
  } else if (is_number) {
    if (check.kind == Check::Kind::kAbove)
      members.emplace_back("exclusiveMinimum", number(check.low));
    if (check.kind == Check::Kind::kBelow)
      members.emplace_back("exclusiveMaximum", number(check.high));
    const bool is_range = check.kind == Check::Kind::kRange;
    if (check.kind == Check::Kind::kAtLeast || is_range)
      members.emplace_back("minimum", number(check.low));
    if (check.kind == Check::Kind::kAtMost || is_range)
      members.emplace_back("maximum", number(check.high));
  }
}

std::string schema(const TypeInfo& type, const std::array<Check, 3>& checks, std::string_view help);

std::string section_schema(const std::vector<const FieldInfo*>& fields, Members properties,
                           std::string_view help, const std::string& required = "") {
  for (const FieldInfo* field : fields) {
    properties.emplace_back(field->key, schema(field->type(), field->checks, field->help));
  }
  Members members = {{"type", json_text("object")}, {"additionalProperties", "false"}};
  if (!help.empty()) members.emplace_back("description", json_text(help));
  if (!required.empty()) members.emplace_back("required", json_list({required}));
  members.emplace_back("properties", object(properties));
  return object(members);
}

std::string component_schema(const TypeInfo& type, std::string_view help) {
  const CatalogBase& catalog = type.catalog();
  std::vector<std::string> all_names;
  std::vector<std::string> choices;
  for (size_t entry = 0; entry < catalog.entries().size(); ++entry) {
    std::vector<std::string> names;
    for (const CatalogBase::Choice& choice : catalog.choices()) {
      if (choice.entry != entry) continue;
      names.push_back(choice.name);
      names.insert(names.end(), choice.aliases.begin(), choice.aliases.end());
    }
    all_names.insert(all_names.end(), names.begin(), names.end());
    const Members name = {{"name", object({{"enum", json_list(names)}})}};
    choices.push_back(
        section_schema(fields_of_entry(type, entry), name, catalog.entries()[entry].help));
  }
  choices.insert(choices.begin(), object({{"enum", json_list(all_names)}}));
  choices.push_back(object({{"type", json_text("null")}}));
  return object({{"description", json_text(help)}, {"anyOf", "[" + join(choices, ", ") + "]"}});
}

std::string type_schema(const TypeInfo& type, Members members) {
  const auto add = [&members](const char* name, std::string value) {
    members.emplace_back(name, std::move(value));
  };
  switch (type.kind) {
    case Kind::kBool:
      add("type", json_text("boolean"));
      break;
    case Kind::kInt:
      add("type", json_text("integer"));
      break;
    case Kind::kFloat:
      add("type", json_text("number"));
      break;
    case Kind::kString:
      add("type", json_list({"string", "number", "boolean"}));
      break;
    case Kind::kPath:
    case Kind::kDuration:
      add("type", json_text("string"));
      break;
    case Kind::kExtent:
      add("anyOf",
          R"([{"type": "integer"}, {"type": "string"}, {"type": "array", "items": {"type": "integer"}, )"
          R"("minItems": 2, "maxItems": 2}])");
      break;
    case Kind::kEnum:
      add("enum", json_list(enum_words(type)));
      break;
    case Kind::kList:
      add("type", json_text("array"));
      add("items", schema(type.element(), {}, ""));
      break;
    default:
      break;
  }
  return object(members);
}

std::string schema(const TypeInfo& type, const std::array<Check, 3>& checks,
                   std::string_view help) {
  Members members;
  if (!help.empty()) members.emplace_back("description", json_text(help));
  if (type.kind == Kind::kComponent) return component_schema(type, help);
  if (type.kind == Kind::kStruct) {
    std::vector<const FieldInfo*> fields;
    for (const FieldInfo& field : type.fields) fields.push_back(&field);
    return section_schema(fields, {}, help);
  }
  if (type.kind == Kind::kOptional) {
    const std::string inner = schema(type.element(), checks, "");
    members.emplace_back("anyOf", "[" + inner + ", " + object({{"type", json_text("null")}}) + "]");
    return object(members);
  }
  for (const Check& check : checks) add_check(check, type, members);
  return type_schema(type, std::move(members));
}

}  // namespace

std::string detail::json_schema(const TypeInfo& type, const void*, std::string_view title) {
  const std::string extends =
      R"({"description": "Files this one builds on.", "type": ["string", "array"]})";
  std::vector<const FieldInfo*> fields;
  for (const FieldInfo& field : type.fields) fields.push_back(&field);
  std::string root = section_schema(fields, {{"extends", extends}}, "");
  const std::string head =
      object({{"$schema", json_text("https://json-schema.org/draft/2020-12/schema")},
              {"title", json_text(title)}});
  return head.substr(0, head.size() - 1) + ", " + root.substr(1) + "\n";
}

}  // namespace vit::config
