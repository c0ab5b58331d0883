// A configuration section whose keys are chosen by its `name:`. It holds the entry's typed
// configuration and builds from it.
//
//   struct Optimizers {                                      // the tag
//     using Catalog = config::Catalog<Optimizer, const FlatParameters&>;
//     using Common = ...;                                    // optional: keys every entry has, in
//     the same section static const Catalog& catalog();
//   };
//   config::Component<Optimizers> optimizer{"adam"};         // a member of a configuration, with
//   its default optimizer.build(parameters);
//
// The name is looked up on first use, so a Component may be constructed while catalogues are still
// being made. Look at it once (read() does) before sharing it between threads.
#pragma once

#include "vit/config/catalog.hpp"
#include "vit/config/problems.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace vit::config {

class SectionBase {
 public:
  bool empty() const { return name_.empty(); }  // no name yet
  // The canonical name of the entry or preset. Throws ConfigError when the catalogue has no such
  // name.
  const std::string& name() const { return resolve(), name_; }
  // The catalogue entry behind the name: "vit" for the preset "vit_b16".
  const std::string& entry_name() const;

  // The entry's configuration, null when it is of another type.
  template <class Config>
  const Config* as() const {
    return holds(&type_of<Config>) ? static_cast<const Config*>(value()) : nullptr;
  }
  // The same to change it. Pointers got before are for the old value.
  template <class Config>
  Config* mutate() {
    return holds(&type_of<Config>) ? static_cast<Config*>(mutable_value()) : nullptr;
  }

  // For the engine.
  const CatalogBase::Choice& choice() const;
  const void* value() const { return resolve(), value_.get(); }
  void* mutable_value();
  void choose(const CatalogBase::Choice& choice);  // this name with its start values

 protected:
  using Lookup = const CatalogBase& (*)();
  SectionBase(Lookup lookup, const CatalogBase* catalog, std::string name)
      : lookup_(lookup), catalog_(catalog), name_(std::move(name)) {}

  const CatalogBase& base_catalog() const { return resolve(), *catalog_; }
  size_t entry() const { return choice().entry; }
  void replace_value(TypeRef type, std::shared_ptr<const void> value);

 private:
  void resolve() const;
  bool holds(TypeRef type) const;

  Lookup lookup_ = nullptr;
  mutable const CatalogBase* catalog_ = nullptr;
  mutable std::string name_;
  mutable size_t choice_ = 0;
  mutable TypeRef given_type_ =
      nullptr;  // of a value that has not been compared with the catalogue yet
  mutable std::shared_ptr<const void>
      value_;  // shared between copies until one is changed; null until resolved
};

template <class Product, class... Args>
class Section : public SectionBase {
 public:
  using CatalogType = Catalog<Product, Args...>;

  Section(const CatalogType& catalog, std::string_view name)
      : SectionBase(nullptr, &catalog, std::string(name)) {}

  std::unique_ptr<Product> build(Args... args) const {
    const auto& catalog = static_cast<const CatalogType&>(base_catalog());
    return catalog.build(entry(), value(), std::forward<Args>(args)...);
  }

 protected:
  using SectionBase::SectionBase;
};

namespace detail {

struct NoCommon {};
template <class Tag>
struct CommonOf {
  using Type = NoCommon;
};
template <class Tag>
requires requires { typename Tag::Common; }
struct CommonOf<Tag> {
  using Type = typename Tag::Common;
};

bool same_values(const TypeInfo& type, const void* a, const void* b);

}  // namespace detail

template <class Tag>
class Component : public Tag::Catalog::SectionType {
  using Base = typename Tag::Catalog::SectionType;

 public:
  using ComponentTag = Tag;
  using Common = typename detail::CommonOf<Tag>::Type;

  Component() : Component(std::string()) {}
  Component(const char* name) : Component(std::string(name)) {}
  Component(std::string name) : Base(&lookup, nullptr, std::move(name)) {}
  // With the entry's configuration spelt out: {"sgd", SgdConfig{.momentum = 0.5}}.
  template <Described Config>
  Component(std::string name, Config value) : Component(std::move(name)) {
    this->replace_value(&type_of<Config>, std::make_shared<const Config>(std::move(value)));
  }

  const Common& common() const { return common_; }
  Common& common() { return common_; }

  // Equal when both would be written alike.
  friend bool operator==(const Component& a, const Component& b) {
    return detail::same_values(type_of<Component>(), &a, &b);
  }

 private:
  static const CatalogBase& lookup() { return Tag::catalog(); }

  Common common_;
};

}  // namespace vit::config
