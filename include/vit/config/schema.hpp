// The describe-once vocabulary. A configuration is a plain aggregate with defaults and, beneath
// them, describe():
//
//   struct ClipConfig {
//     double norm = 0;
//     static constexpr auto describe() {
//       return std::tuple{config::field<&ClipConfig::norm>("Largest gradient norm; 0: no
//       clipping.", config::non_negative)};
//     }
//   };
//
// The templates here only turn that into a table (TypeInfo) of keys, kinds and accessors; reading,
// writing, help and comparison are ordinary code in src/config that walks the table. A member left
// out of describe() does not compile.
#pragma once

#include "vit/config/checks.hpp"
#include "vit/config/yaml.hpp"
#include "vit/core/duration.hpp"
#include "vit/core/extent.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace vit::config {

class CatalogBase;
class Problems;
class SectionBase;
struct TypeInfo;
using TypeRef = const TypeInfo& (*)();  // a function, so that types may contain themselves

// The table of T, made on first use.
template <class T>
const TypeInfo& type_of();

// ---- what the engine sees
// ------------------------------------------------------------------------------------------

enum class Kind {
  kBool,
  kInt,
  kFloat,
  kString,
  kPath,
  kDuration,
  kExtent,
  kYaml,  // anything: its keys are the user's own
  kEnum,
  kOptional,
  kList,
  kStruct,
  kComponent,
};

struct EnumName {
  std::string_view name;
  int64_t value;
};

struct FieldInfo {
  std::string_view key;
  std::string_view help;
  TypeRef type = nullptr;
  void* (*address)(void* owner) = nullptr;
  std::array<Check, 3> checks = {};
  bool is_resumable = false;
};

// One type. Values are passed as void* to an object of it; members that do not belong to `kind` are
// empty.
struct TypeInfo {
  Kind kind = Kind::kStruct;
  std::shared_ptr<void> (*make)() = nullptr;  // T{}
  std::shared_ptr<void> (*clone)(const void*) = nullptr;

  // kEnum
  std::vector<EnumName> names;
  int64_t (*enum_value)(const void*) = nullptr;
  void (*set_enum)(void*, int64_t) = nullptr;

  // kList, kOptional (a list of none or one)
  TypeRef element = nullptr;
  int64_t (*size)(const void*) = nullptr;
  void* (*at)(void*, int64_t) = nullptr;
  void (*resize)(void*, int64_t) = nullptr;  // new elements are default-made

  // kStruct
  std::vector<FieldInfo> fields;
  void (*check)(const void*, Problems&) = nullptr;  // null when the struct has no check()

  // kComponent
  SectionBase* (*section)(void*) = nullptr;
  const CatalogBase& (*catalog)() = nullptr;
  TypeRef common_type = nullptr;  // null when the tag has no Common
  void* (*common)(void*) = nullptr;
};

// ---- what describe() is written with
// -------------------------------------------------------------------------------

template <class Owner>
struct Field : FieldInfo {
  // The key may change when a run is resumed (with all keys below it).
  constexpr Field resumable() const {
    Field changed = *this;
    changed.is_resumable = true;
    return changed;
  }
};

namespace detail {

template <class M>
struct MemberTraits;
template <class Owner_, class Value_>
struct MemberTraits<Value_ Owner_::*> {
  using Owner = Owner_;
  using Value = Value_;
};

// The key is spelt by the member itself: the compiler's name of this function ends in the member's
// name.
template <auto Member>
constexpr std::string_view member_name() {
  std::string_view text =
      __PRETTY_FUNCTION__;  // "... [with auto Member = &T::lr; ...]", "... [Member = &T::lr]"
  text.remove_prefix(text.find("Member = "));
  text = text.substr(0, text.find_first_of(";]"));
  text = text.substr(text.rfind(':') + 1);
  if (text.ends_with('_')) text.remove_suffix(1);  // a key that is a C++ keyword: `class_`
  return text;
}

template <auto Member>
void* member_address(void* owner) {
  return &(static_cast<typename MemberTraits<decltype(Member)>::Owner*>(owner)->*Member);
}

// How many members an aggregate has: the longest brace list it accepts.
struct Anything {
  template <class T>
  operator T() const;  // declared only: never called
};
template <class T, size_t... I>
constexpr bool accepts(std::index_sequence<I...>) {
  return requires { T{(void(I), Anything{})...}; };
}
template <class T, size_t N = 0>
consteval size_t arity() {
  if constexpr (accepts<T>(std::make_index_sequence<N + 1>{})) {
    return arity<T, N + 1>();
  } else {
    return N;
  }
}

struct NameProbe {
  int two_words = 0;
};
static_assert(member_name<&NameProbe::two_words>() == "two_words",
              "this compiler spells __PRETTY_FUNCTION__ differently");
static_assert(arity<NameProbe>() == 1, "this compiler counts aggregate members differently");

}  // namespace detail

// Describes one member: its key, what it is for (a sentence), what must hold.
template <auto Member, class... Checks>
constexpr auto field(std::string_view help, Checks... checks) {
  using Traits = detail::MemberTraits<decltype(Member)>;
  static_assert(sizeof...(Checks) <= 3, "at most three checks a field: use check(Problems&)");
  Field<typename Traits::Owner> result;
  result.key = detail::member_name<Member>();
  result.help = help;
  result.type = &type_of<typename Traits::Value>;
  result.address = &detail::member_address<Member>;
  result.checks = {checks...};
  return result;
}

template <class T>
concept Described = std::is_aggregate_v<T> && requires {
  T::describe();
};

template <class T>
concept ComponentType = requires {
  typename T::ComponentTag;
};

template <class T>
concept NamedEnum = std::is_enum_v<T> && requires(T value) {
  enum_names(value);
};

// ---- from types to tables
// ------------------------------------------------------------------------------------------

namespace detail {

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

template <class T>
constexpr Kind kind_of() {
  if constexpr (std::is_same_v<T, bool>)
    return Kind::kBool;
  else if constexpr (std::is_same_v<T, int64_t>)
    return Kind::kInt;
  else if constexpr (std::is_same_v<T, double>)
    return Kind::kFloat;
  else if constexpr (std::is_same_v<T, std::string>)
    return Kind::kString;
  else if constexpr (std::is_same_v<T, std::filesystem::path>)
    return Kind::kPath;
  else if constexpr (std::is_same_v<T, Duration>)
    return Kind::kDuration;
  else if constexpr (std::is_same_v<T, Extent>)
    return Kind::kExtent;
  else if constexpr (std::is_same_v<T, Yaml>)
    return Kind::kYaml;
  else if constexpr (NamedEnum<T>)
    return Kind::kEnum;
  else if constexpr (kIsOptional<T>)
    return Kind::kOptional;
  else if constexpr (kIsVector<T>)
    return Kind::kList;
  else if constexpr (ComponentType<T>)
    return Kind::kComponent;
  else if constexpr (Described<T>)
    return Kind::kStruct;
  else
    static_assert(!sizeof(T*),
                  "not a configuration type: use bool, int64_t, double, std::string, "
                  "std::filesystem::path, Duration, Extent, Yaml, "
                  "an enum with enum_names(), std::optional, std::vector, a struct with describe() "
                  "or a Component");
}

template <class T>
void fill_enum(TypeInfo& info) {
  for (const auto& [name, value] : enum_names(T{}))
    info.names.push_back({name, static_cast<int64_t>(value)});
  info.enum_value = [](const void* value) {
    return static_cast<int64_t>(*static_cast<const T*>(value));
  };
  info.set_enum = [](void* value, int64_t number) {
    *static_cast<T*>(value) = static_cast<T>(number);
  };
}

template <class T>
void fill_optional(TypeInfo& info) {
  info.element = &type_of<typename T::value_type>;
  info.size = [](const void* value) { return int64_t{static_cast<const T*>(value)->has_value()}; };
  info.at = [](void* value, int64_t) -> void* { return &**static_cast<T*>(value); };
  info.resize = [](void* value, int64_t n) {
    T& optional = *static_cast<T*>(value);
    if (n == 0) {
      optional.reset();
    } else if (!optional) {
      optional.emplace();
    }
  };
}

template <class T>
void fill_list(TypeInfo& info) {
  static_assert(!std::is_same_v<typename T::value_type, bool>,
                "std::vector<bool> has no addressable elements");
  info.element = &type_of<typename T::value_type>;
  info.size = [](const void* value) {
    return static_cast<int64_t>(static_cast<const T*>(value)->size());
  };
  info.at = [](void* value, int64_t i) -> void* {
    return &(*static_cast<T*>(value))[static_cast<size_t>(i)];
  };
  info.resize = [](void* value, int64_t n) {
    static_cast<T*>(value)->resize(static_cast<size_t>(n));
  };
}

template <class T, class... Owners>
constexpr bool all_of_owner(const std::tuple<Field<Owners>...>*) {
  return (std::is_same_v<T, Owners> && ...);
}

// Every member, each once.
template <class T>
inline constexpr bool kDescribesAllMembers = std::tuple_size_v<decltype(T::describe())> ==
                                             arity<T>();

template <class T>
constexpr bool keys_differ() {
  return std::apply(
      [](const auto&... fields) {
        const std::array<std::string_view, sizeof...(fields)> keys = {fields.key...};
        for (size_t i = 0; i < keys.size(); ++i)
          for (size_t j = 0; j < i; ++j)
            if (keys[i] == keys[j]) return false;
        return true;
      },
      T::describe());
}

template <class T>
void fill_struct(TypeInfo& info) {
  using Fields = decltype(T::describe());
  static_assert(kDescribesAllMembers<T>, "describe() must list every member of the struct, once");
  static_assert(all_of_owner<T>(static_cast<const Fields*>(nullptr)),
                "describe() lists a member of another struct");
  static_assert(keys_differ<T>(), "describe() lists a member twice");
  std::apply([&info](const auto&... fields) { (info.fields.push_back(fields), ...); },
             T::describe());
  if constexpr (requires(const T& value, Problems& problems) { value.check(problems); }) {
    info.check = [](const void* value, Problems& problems) {
      static_cast<const T*>(value)->check(problems);
    };
  }
}

template <class T>
void fill_component(TypeInfo& info) {
  info.section = [](void* value) -> SectionBase* { return static_cast<T*>(value); };
  info.catalog = []() -> const CatalogBase& { return T::ComponentTag::catalog(); };
  if constexpr (requires { typename T::ComponentTag::Common; }) {
    info.common_type = &type_of<typename T::ComponentTag::Common>;
    info.common = [](void* value) -> void* { return &static_cast<T*>(value)->common(); };
  }
}

template <class T>
TypeInfo make_type() {
  constexpr Kind kKind = kind_of<T>();
  TypeInfo info;
  info.kind = kKind;
  info.make = []() -> std::shared_ptr<void> { return std::shared_ptr<T>(new T{}); };
  info.clone = [](const void* from) -> std::shared_ptr<void> {
    return std::make_shared<T>(*static_cast<const T*>(from));
  };
  if constexpr (kKind == Kind::kEnum) fill_enum<T>(info);
  if constexpr (kKind == Kind::kOptional) fill_optional<T>(info);
  if constexpr (kKind == Kind::kList) fill_list<T>(info);
  if constexpr (kKind == Kind::kStruct) fill_struct<T>(info);
  if constexpr (kKind == Kind::kComponent) fill_component<T>(info);
  return info;
}

}  // namespace detail

template <class T>
const TypeInfo& type_of() {
  static const TypeInfo info = detail::make_type<T>();
  return info;
}

}  // namespace vit::config
