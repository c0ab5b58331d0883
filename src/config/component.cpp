#include "vit/config/component.hpp"

#include "vit/core/error.hpp"

namespace vit::config {

void SectionBase::resolve() const {
  const bool is_resolved = catalog_ != nullptr && value_ != nullptr && given_type_ == nullptr;
  if (is_resolved || name_.empty()) return;
  if (catalog_ == nullptr) catalog_ = &lookup_();
  const CatalogBase::Choice& choice = catalog_->choice(name_);
  const CatalogBase::Entry& entry = catalog_->entries()[choice.entry];
  if (given_type_ != nullptr) {
    VIT_CHECK(&given_type_() == &entry.type(), "'" + name_ + "' is configured by another struct");
    given_type_ = nullptr;
  } else if (choice.start != nullptr) {
    value_ = choice.start;
  } else {
    value_ = entry.type().make();
  }
  choice_ = static_cast<size_t>(&choice - catalog_->choices().data());
  name_ = choice.name;
}

const CatalogBase::Choice& SectionBase::choice() const {
  resolve();
  VIT_CHECK(!name_.empty(), "a section without a name is used");
  return catalog_->choices()[choice_];
}

const std::string& SectionBase::entry_name() const {
  const CatalogBase::Choice& chosen = choice();
  return catalog_->entries()[chosen.entry].name;
}

void SectionBase::choose(const CatalogBase::Choice& choice) {
  name_ = choice.name;
  value_ = nullptr;
  given_type_ = nullptr;
  resolve();
}

void* SectionBase::mutable_value() {
  const CatalogBase::Entry& entry = base_catalog().entries()[choice().entry];
  std::shared_ptr<void> own = entry.type().clone(value_.get());
  value_ = own;
  return own.get();
}

void SectionBase::replace_value(TypeRef type, std::shared_ptr<const void> value) {
  given_type_ = type;
  value_ = std::move(value);
}

bool SectionBase::holds(TypeRef type) const {
  if (empty()) return false;
  const size_t chosen = choice().entry;
  return &catalog_->entries()[chosen].type() == &type();
}

}  // namespace vit::config
