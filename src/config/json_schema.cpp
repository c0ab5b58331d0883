// JSON Schema for editors, from the description.
#include "vit/config/reference.hpp"
#include "vit/core/text.hpp"

#include "config/describe_field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

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
  return fmt::format("[{}]", join(quoted, ", "));
}

using Members = std::vector<std::pair<std::string, std::string>>;  // name and JSON

std::string object(const Members& members) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : members) parts.push_back(json_text(name) + ": " + value);
  return fmt::format("{{{}}}", join(parts, ", "));
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

std::vector<const FieldInfo*> fields_of(const TypeInfo& type) {
  std::vector<const FieldInfo*> fields;
  for (const FieldInfo& field : type.fields) fields.push_back(&field);
  return fields;
}

// The schema of what is written in one word, or as [h, w].
Members scalar_schema(const TypeInfo& type) {
  switch (type.kind) {
    case Kind::kBool:
      return {{"type", json_text("boolean")}};
    case Kind::kInt:
      return {{"type", json_text("integer")}};
    case Kind::kFloat:
      return {{"type", json_text("number")}};
    case Kind::kString:  // a plain 1 or true is taken as text, too
      return {{"type", json_list({"string", "number", "boolean"})}};
    case Kind::kEnum:
      return {{"enum", json_list(enum_words(type))}};
    case Kind::kYaml:
      return {};
    case Kind::kExtent:
      return {{"anyOf", R"([{"type": ["integer", "string"]}, {"type": "array", "items": )"
                        R"({"type": "integer"}, "minItems": 2, "maxItems": 2}])"}};
    default:
      return {{"type", json_text("string")}};
  }
}

class SchemaWriter {
 public:
  std::string section(const std::vector<const FieldInfo*>& fields, Members properties,
                      std::string_view help) {
    for (const FieldInfo* field : fields) {
      properties.emplace_back(field->key, value(field->type(), field->checks, field->help));
    }
    Members members = {{"type", json_text("object")}, {"additionalProperties", "false"}};
    if (!help.empty()) members.emplace_back("description", json_text(help));
    members.emplace_back("properties", object(properties));
    return object(members);
  }

  // The catalogues, each written once: a section may hold sections of its own kind.
  Members definitions;

 private:
  std::string value(const TypeInfo& type, const std::array<Check, 3>& checks,
                    std::string_view help) {
    Members members;
    if (!help.empty()) members.emplace_back("description", json_text(help));
    if (type.kind == Kind::kStruct) return section(fields_of(type), {}, help);
    if (type.kind == Kind::kComponent) {
      members.emplace_back("$ref", json_text("#/$defs/" + definition(type)));
    } else if (type.kind == Kind::kOptional) {
      const std::string inner = value(type.element(), checks, "");
      members.emplace_back("anyOf", fmt::format(R"([{}, {{"type": "null"}}])", inner));
    } else if (type.kind == Kind::kList) {
      members.emplace_back("type", json_text("array"));
      members.emplace_back("items", value(type.element(), {}, ""));
      for (const Check& check : checks) add_check(check, type, members);
    } else {
      for (auto& member : scalar_schema(type)) members.push_back(std::move(member));
      for (const Check& check : checks) add_check(check, type, members);
    }
    return object(members);
  }

  // The name of the definition, which is made on first use.
  std::string definition(const TypeInfo& type) {
    const CatalogBase& catalog = type.catalog();
    std::string name = catalog.what();
    std::replace(name.begin(), name.end(), ' ', '_');
    for (const auto& [known, schema] : definitions) {
      if (known == name) return name;
    }
    const size_t place = definitions.size();
    definitions.emplace_back(name, "");
    std::vector<std::string> all_names, choices;
    for (size_t entry = 0; entry < catalog.entries().size(); ++entry) {
      std::vector<std::string> names;
      for (const CatalogBase::Choice& choice : catalog.choices()) {
        if (choice.entry != entry) continue;
        names.push_back(choice.name);
        names.insert(names.end(), choice.aliases.begin(), choice.aliases.end());
      }
      all_names.insert(all_names.end(), names.begin(), names.end());
      const Members by_name = {{"name", object({{"enum", json_list(names)}})}};
      choices.push_back(
          section(fields_of_entry(type, entry), by_name, catalog.entries()[entry].help));
    }
    choices.insert(choices.begin(), object({{"enum", json_list(all_names)}}));
    definitions[place].second = object({{"anyOf", fmt::format("[{}]", join(choices, ", "))}});
    return name;
  }
};

}  // namespace

std::string detail::json_schema(const TypeInfo& type, std::string_view title) {
  const std::string extends =
      R"({"description": "Files this one builds on.", "type": ["string", "array"]})";
  SchemaWriter writer;
  const std::string root = writer.section(fields_of(type), {{"extends", extends}}, "");
  const std::string head =
      object({{"$schema", json_text("https://json-schema.org/draft/2020-12/schema")},
              {"title", json_text(title)},
              {"$defs", object(writer.definitions)}});
  // One object of both: the braces between them go.
  return fmt::format("{}, {}\n", head.substr(0, head.size() - 1), root.substr(1));
}

}  // namespace vit::config
