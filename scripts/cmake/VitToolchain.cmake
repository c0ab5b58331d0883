# How everything of vit is compiled: warnings, sanitizers, ccache, mold. One INTERFACE target, vit_options, that each target of
# ours links and nobody outside sees.

add_library(vit_options INTERFACE)
target_compile_features(vit_options INTERFACE cxx_std_20)
target_compile_options(vit_options INTERFACE -Wall -Wextra $<$<BOOL:${VIT_WARNINGS_AS_ERRORS}>:-Werror>)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

if(VIT_SANITIZE)
  target_compile_options(vit_options INTERFACE -fsanitize=${VIT_SANITIZE} -fno-omit-frame-pointer -g1)
  target_link_options(vit_options INTERFACE -fsanitize=${VIT_SANITIZE})
endif()

# ccache understands precompiled headers only when told so.
find_program(VIT_CCACHE ccache)
mark_as_advanced(VIT_CCACHE)
if(VIT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${VIT_CCACHE})
  target_compile_options(vit_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()

# mold links a LibTorch program in a fraction of the time. GCC knows the name from version 12.1 on.
find_program(VIT_MOLD mold)
mark_as_advanced(VIT_MOLD)
if(VIT_MOLD AND (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1))
  target_link_options(vit_options INTERFACE -fuse-ld=mold)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
