// jpeglib.h uses size_t and FILE without declaring them, and jerror.h needs it. Private to the data
// library.
#pragma once

// clang-format off
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>
#include <jerror.h>
// clang-format on
