// A catalogue: the one list of what exists of a kind, each entry with its configuration struct,
// presets, aliases and maker.
//
//   c.add<SgdConfig>("sgd", "Momentum SGD.", build_sgd).preset("sgd_paper", {.momentum =
//   0.9}).alias("momentum");
//
// It is an explicit list filled by a function, not a self-registering global: static libraries drop
// objects nobody refers to, and the list is the page a reader wants first. An entry's own name is a
// name like those of its presets; both may have aliases.
#pragma once

#include "vit/config/schema.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vit::config {

template <class Product, class... Args>
class Section;

class CatalogBase {
 public:
  // One name a section may carry: an entry itself or one of its presets.
  struct Choice {
    std::string name;
    std::string help;
    size_t entry = 0;
    std::shared_ptr<const void>
        start;  // the entry's config as this name sets it; null: the struct's defaults
    std::vector<std::string> aliases;
  };
  struct Entry {
    std::string name;
    std::string help;
    TypeRef type = nullptr;
  };

  // What an entry is called in messages: "optimizer".
  const std::string& what() const { return what_; }

  std::vector<std::string> names() const;  // entries and presets, in the order they were added
  bool contains(std::string_view name) const {
    return find(name) != nullptr;
  }  // names and aliases, any case
  // Exact match first, then without regard to case; aliases count. Throws ConfigError with the
  // closest names.
  const std::string& canonical(std::string_view name) const { return choice(name).name; }
  const std::string& help(std::string_view name) const { return choice(name).help; }
  const std::vector<std::string>& aliases(std::string_view name) const {
    return choice(name).aliases;
  }
  bool is_preset(std::string_view name) const;

  // "unknown optimizer 'adm'; did you mean 'adam'?"
  std::string unknown(std::string_view name) const;
  // Names with help, for `--list`: entries, their presets indented below, aliases in brackets.
  std::string listing() const;

  const Choice* find(std::string_view name) const;
  const Choice& choice(std::string_view name) const;
  const std::vector<Choice>& choices() const { return choices_; }
  const std::vector<Entry>& entries() const { return entries_; }

 protected:
  explicit CatalogBase(std::string what) : what_(std::move(what)) {}
  void add_entry(std::string name, std::string help, TypeRef type);
  void add_preset(size_t entry, std::string name, std::string help,
                  std::shared_ptr<const void> start);
  void add_alias(std::string alias);  // of the choice added last

 private:
  void claim(const std::string& name) const;

  std::string what_;
  std::vector<Entry> entries_;
  std::vector<Choice> choices_;
};

template <class Product_, class... Args>
class Catalog : public CatalogBase {
 public:
  using Product = Product_;
  using SectionType = Section<Product, Args...>;
  using Make = std::function<std::unique_ptr<Product>(const void* config, Args... args)>;

  explicit Catalog(std::string what) : CatalogBase(std::move(what)) {}

  // Continues the entry just added.
  template <class Config>
  class Added {
   public:
    Added preset(std::string name, Config start, std::string help = "") {
      catalog_.add_preset(entry_, std::move(name), std::move(help),
                          std::make_shared<const Config>(std::move(start)));
      return *this;
    }
    // Another name for the entry or preset added last.
    Added alias(std::string name) {
      catalog_.add_alias(std::move(name));
      return *this;
    }

   private:
    friend Catalog;
    Added(Catalog& catalog, size_t entry) : catalog_(catalog), entry_(entry) {}
    Catalog& catalog_;
    size_t entry_;
  };

  // `build` is std::unique_ptr<Product>(const Config&, Args...), or returns a pointer to a class
  // derived from Product.
  template <class Config, class Build>
  Added<Config> add(std::string name, std::string help, Build build) {
    static_assert(Described<Config>, "the entry's configuration is a struct with describe()");
    add_entry(std::move(name), std::move(help), &type_of<Config>);
    makers_.push_back(
        [build = std::move(build)](const void* config, Args... args) -> std::unique_ptr<Product> {
          return build(*static_cast<const Config*>(config), std::forward<Args>(args)...);
        });
    return Added<Config>(*this, entries().size() - 1);
  }

  std::unique_ptr<Product> build(size_t entry, const void* config, Args... args) const {
    return makers_[entry](config, std::forward<Args>(args)...);
  }

  // A section of this name with its defaults (component.hpp).
  SectionType make(std::string_view name) const { return SectionType(*this, name); }

 private:
  std::vector<Make> makers_;
};

}  // namespace vit::config
