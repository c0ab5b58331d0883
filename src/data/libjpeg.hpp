// jpeglib.h uses size_t and FILE without declaring them. Private to the data library.
#pragma once

// clang-format off: the order matters
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>
#include <jerror.h>
// clang-format on
