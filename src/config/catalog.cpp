#include "vit/config/catalog.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace vit::config {
namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

std::vector<std::string> CatalogBase::names() const {
  std::vector<std::string> result;
  for (const Choice& choice : choices_) result.push_back(choice.name);
  return result;
}

const CatalogBase::Choice* CatalogBase::find(std::string_view name) const {
  const auto find_if = [this](auto matches) -> const Choice* {
    for (const Choice& choice : choices_) {
      const bool by_alias = std::any_of(choice.aliases.begin(), choice.aliases.end(), matches);
      if (matches(choice.name) || by_alias) return &choice;
    }
    return nullptr;
  };
  const Choice* exact = find_if([name](const std::string& known) { return known == name; });
  if (exact != nullptr) return exact;
  return find_if([name](const std::string& known) { return same_ignoring_case(known, name); });
}

const CatalogBase::Choice& CatalogBase::choice(std::string_view name) const {
  const Choice* found = find(name);
  if (found == nullptr) throw ConfigError(unknown(name));
  return *found;
}

bool CatalogBase::is_preset(std::string_view name) const {
  const Choice& found = choice(name);
  return found.name != entries_[found.entry].name;
}

std::string CatalogBase::unknown(std::string_view name) const {
  constexpr size_t kMostListed = 12;
  std::vector<std::string> known = names();
  const std::vector<std::string> canonical = known;
  for (const Choice& choice : choices_)
    known.insert(known.end(), choice.aliases.begin(), choice.aliases.end());
  const std::string text = fmt::format("unknown {} '{}'", what_, name);
  const std::string guess = closest(name, known);
  if (!guess.empty()) return fmt::format("{}; did you mean '{}'?", text, guess);
  const size_t shown = std::min(kMostListed, canonical.size());
  const std::string list = join(std::span(canonical).first(shown), ", ");
  return fmt::format("{}; there are {}{}", text, list, shown < canonical.size() ? ", ..." : "");
}

std::string CatalogBase::listing() const {
  std::vector<std::pair<std::string, std::string>> lines;  // name and help
  size_t width = 0;
  for (const Choice& choice : choices_) {
    std::string name =
        choice.name == entries_[choice.entry].name ? choice.name : "  " + choice.name;
    if (!choice.aliases.empty()) name += fmt::format(" ({})", join(choice.aliases, ", "));
    width = std::max(width, std::min<size_t>(name.size(), 48));
    lines.emplace_back(std::move(name), choice.help);
  }
  std::string result;
  for (const auto& [name, help] : lines) {
    result += help.empty() ? name + "\n" : fmt::format("{:{}}  {}\n", name, width, help);
  }
  return result;
}

void CatalogBase::claim(const std::string& name) const {
  VIT_CHECK(!name.empty(), "a " + what_ + " needs a name");
  for (const Choice& choice : choices_) {
    const bool taken =
        choice.name == name || std::count(choice.aliases.begin(), choice.aliases.end(), name) > 0;
    VIT_CHECK(!taken, "the " + what_ + " name '" + name + "' is given twice");
  }
}

void CatalogBase::add_entry(std::string name, std::string help, TypeRef type) {
  claim(name);
  choices_.push_back({name, help, entries_.size(), nullptr, {}});
  entries_.push_back({std::move(name), std::move(help), type});
}

void CatalogBase::add_preset(size_t entry, std::string name, std::string help,
                             std::shared_ptr<const void> start) {
  claim(name);
  choices_.push_back({std::move(name), std::move(help), entry, std::move(start), {}});
}

void CatalogBase::add_alias(std::string alias) {
  claim(alias);
  choices_.back().aliases.push_back(std::move(alias));
}

}  // namespace vit::config
