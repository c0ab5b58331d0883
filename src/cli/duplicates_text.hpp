// How vit-dedup prints what it found.
#pragma once

#include "vit/data/dedup.hpp"

#include <string>

namespace vit::cli {

// A line for every duplicate on stdout, how many there are on stderr. `format` is table, csv or
// jsonl; the last two have the columns (keys) train, test, kind (exact or near), distance,
// similarity and mirrored. Throws ConfigError for another format.
void print_duplicates(const DedupResult& result, const std::string& format);

}  // namespace vit::cli
