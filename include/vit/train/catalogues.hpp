// What this build offers, as text: the catalogues, and help on every configuration key.
#pragma once

#include <string>
#include <vector>

namespace vit {

// models, datasets, transforms, mixes, objectives, losses, optimizers, schedules, averages, probes.
std::vector<std::string> catalogue_names();

// Entries, presets and aliases of one of them (singular or plural). Throws ConfigError with a
// suggestion for another word.
std::string list_catalogue(const std::string& name);

// The generated reference of every key, in Markdown: configs/README.md.
std::string configuration_reference();

// The keys of one section, or of all for "".
std::string configuration_help(const std::string& section);

std::string configuration_schema();  // JSON Schema for editors

}  // namespace vit
