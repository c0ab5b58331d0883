# The vocabulary of the top CMakeLists.txt: vit_add_library, vit_add_program, vit_add_test, vit_add_version.

# The precompiled header of every target that sees LibTorch: <ATen/ATen.h> costs 7 s a file without it. It has an owner of its
# own, so that no layer has to have sources first.
function(vit_torch_precompiled_header)
  if(TARGET vit_torch_pch)
    return()
  endif()
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/torch_pch.cpp" CONTENT "// Owner of the precompiled header.\n")
  add_library(vit_torch_pch OBJECT "${PROJECT_BINARY_DIR}/generated/torch_pch.cpp")
  target_link_libraries(vit_torch_pch PRIVATE vit_options vit::torch spdlog::spdlog fmt::fmt)
  target_precompile_headers(vit_torch_pch PRIVATE <ATen/ATen.h> <algorithm> <chrono> <cmath> <cstdint> <filesystem>
                            <functional> <map> <memory> <optional> <span> <string> <string_view> <utility> <vector>)
endfunction()

# vit_add_library(NAME [TORCH] DEPS ... [PRIVATE_DEPS ...]): the layer NAME from src/NAME/**/*.cpp and include/vit/NAME/.
# Makes vit_NAME, alias vit::NAME. TORCH: the sources share the precompiled header.
function(vit_add_library name)
  cmake_parse_arguments(arg "TORCH" "" "DEPS;PRIVATE_DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/vit/${name}/*.h*")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  set(target vit_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS} $<BUILD_INTERFACE:vit_options>)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_compile_features(${target} PUBLIC cxx_std_20)
    set(scope PUBLIC)
    if(arg_TORCH)
      vit_torch_precompiled_header()
      target_precompile_headers(${target} REUSE_FROM vit_torch_pch)
    endif()
  else()  # nothing there yet: the headers are still usable
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_DEPS})
    set(scope INTERFACE)
  endif()
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${headers})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY VIT_LIBRARIES ${target})
  add_library(vit::${name} ALIAS ${target})
endfunction()

# vit_add_program(NAME SOURCE FILE DEPS ... NAMES ...): the executable, and beside it links of the given NAMES. NAME_portable,
# built on request, is the same for scripts/package: it carries no paths of this machine, and does without LibTorch's CUDA half
# until somebody loads that beside it.
function(vit_add_program name)
  cmake_parse_arguments(arg "" "SOURCE" "DEPS;NAMES" ${ARGN})
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/${arg_SOURCE}")
    message(STATUS "program ${name}: ${arg_SOURCE} is not there")
    return()
  endif()
  add_executable(${name} ${arg_SOURCE})
  target_link_libraries(${name} PRIVATE vit_options ${arg_DEPS} vit::torch_cuda)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  add_executable(${name}_portable EXCLUDE_FROM_ALL ${arg_SOURCE})
  target_link_libraries(${name}_portable PRIVATE vit_options ${arg_DEPS})
  target_include_directories(${name}_portable PRIVATE "${PROJECT_SOURCE_DIR}/src")
  set_target_properties(${name}_portable PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
  foreach(link IN LISTS arg_NAMES)
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
                       COMMAND ${CMAKE_COMMAND} -E create_symlink ${name} "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${link}")
  endforeach()
endfunction()

# vit_add_version(TARGET): gives TARGET the generated source behind vit::build_info(). The git revision is looked up by every
# build and written only when it changed, so that a commit recompiles one file.
function(vit_add_version name)
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/src/${name}/version.cpp.in")
    return()
  endif()
  set(folder "${PROJECT_BINARY_DIR}/generated")
  add_custom_target(vit_git_revision BYPRODUCTS "${folder}/git_revision.inc" VERBATIM COMMENT "Looking up the git revision"
                    COMMAND ${CMAKE_COMMAND} -D SOURCE=${PROJECT_SOURCE_DIR} -D OUTPUT=${folder}/git_revision.inc
                            -P "${PROJECT_SOURCE_DIR}/scripts/cmake/GitRevision.cmake")
  configure_file("${PROJECT_SOURCE_DIR}/src/${name}/version.cpp.in" "${folder}/version.cpp" @ONLY)
  target_sources(vit_${name} PRIVATE "${folder}/version.cpp")
  target_include_directories(vit_${name} PRIVATE "${folder}")
  add_dependencies(vit_${name} vit_git_revision)
endfunction()

# vit_add_test(NAME [TORCH] [DISCOVER] [SHARDS N] [LABELS ...] [TIMEOUT S] DEPS ...): one GoogleTest binary test_NAME from
# tests/NAME/*.cpp, or nothing where that folder is empty.
# DISCOVER registers every test by itself. Starting LibTorch costs a fraction of a second a process, and cases that are read
# from a folder are known only at run time, so other binaries are registered whole, split into N shards that run side by side.
function(vit_add_test name)
  cmake_parse_arguments(arg "TORCH;DISCOVER" "SHARDS;TIMEOUT" "DEPS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${name}/*.cpp")
  if(NOT sources)
    return()
  endif()
  set(target test_${name})
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE vit_options vit_test_support ${arg_DEPS})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  if(arg_TORCH)
    vit_torch_precompiled_header()
    target_precompile_headers(${target} REUSE_FROM vit_torch_pch)
    target_link_libraries(${target} PRIVATE vit::torch_cuda)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  set(properties LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  if(arg_DISCOVER)
    gtest_discover_tests(${target} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
    return()
  endif()
  if(NOT arg_SHARDS)
    set(arg_SHARDS 1)
  endif()
  math(EXPR last "${arg_SHARDS} - 1")
  foreach(index RANGE ${last})
    math(EXPR number "${index} + 1")
    set(test ${name})
    if(arg_SHARDS GREATER 1)
      set(test ${name}.${number}of${arg_SHARDS})
    endif()
    add_test(NAME ${test} COMMAND ${target} --gtest_brief=1)
    set_tests_properties(${test} PROPERTIES ${properties}
                         ENVIRONMENT "OMP_NUM_THREADS=1;GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

function(vit_print_summary)
  message(STATUS "LibTorch   ${LibTorch_DESCRIPTION}")
  message(STATUS "Kernels    ${VIT_KERNELS_DESCRIPTION}")
  message(STATUS "Options    TESTS=${VIT_BUILD_TESTS} CUDA=${VIT_WITH_CUDA} SANITIZE=${VIT_SANITIZE}   build type ${CMAKE_BUILD_TYPE}")
endfunction()
