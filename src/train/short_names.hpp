// Names of images for people and for the files that are written about them.
#pragma once

#include <string>
#include <vector>

namespace vit {

// Paths without the folders that all of them share: "a/cat/1.jpg" and "a/dog/1.jpg" become
// "cat/1.jpg" and "dog/1.jpg".
std::vector<std::string> short_names(const std::vector<std::string>& paths);

// File names to write about images of these names: folders joined by '_', without the ending; where
// two are alike, the later one gets a number.
std::vector<std::string> file_names(const std::vector<std::string>& names);

}  // namespace vit
