// What a screen can show: UTF-8 decoration where the locale is UTF-8, plain ASCII elsewhere. Text
// of the user (class names, paths) passes through untouched; only symbols of our own are replaced.
#pragma once

#include <string>
#include <string_view>

namespace vit {

// By LC_ALL, LC_CTYPE, LANG, the first that is set; read from the environment, so that it does not
// matter whether the program called setlocale().
bool screen_is_utf8();

// `text` itself on a UTF-8 screen, else with our symbols (times sign, arrow, middle dot, ...) spelt
// in ASCII.
std::string for_screen(std::string_view text);

}  // namespace vit
