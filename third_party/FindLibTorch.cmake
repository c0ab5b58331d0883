# Finds LibTorch: the C++ half of a torch wheel, or the LibTorch archive. Defines
#   vit::torch       headers (searched after the system's), libtorch_cpu and libc10
#   vit::torch_cuda  for programs: keeps libtorch_cuda, to which nothing refers by name; empty where it cannot be linked
# and LibTorch_{VERSION,ROOT,LIBRARY_DIRS,HAS_CUDA,CUDA_PROBLEM,DESCRIPTION}.
#
# The package file inside the wheel is not used: it demands a CUDA toolkit. Search order: -DTorch_DIR, -DTorch_ROOT,
# -DCMAKE_PREFIX_PATH (absolute); $LIBTORCH, $Torch_DIR; LibTorch_LOCAL_ENVIRONMENTS (what scripts/setup made); an active
# virtual or conda environment. VIT_WITH_CUDA=OFF leaves libtorch_cuda out.

set(_roots "")   # "where it came from|folder" pairs
set(_tried "")
macro(_libtorch_candidate origin folder)
  list(APPEND _roots "${origin}|${folder}")
endmacro()

foreach(_name Torch_DIR Torch_ROOT CMAKE_PREFIX_PATH)
  foreach(_dir IN LISTS ${_name})
    if(NOT IS_ABSOLUTE "${_dir}" AND NOT _name STREQUAL "Torch_DIR")
      message(FATAL_ERROR "${_name} holds the relative path '${_dir}': give an absolute one")
    endif()
    _libtorch_candidate("-D${_name}" "${_dir}")
  endforeach()
endforeach()
foreach(_name LIBTORCH Torch_DIR)
  if(DEFINED ENV{${_name}})
    _libtorch_candidate("\$${_name}" "$ENV{${_name}}")
  endif()
endforeach()
foreach(_dir IN LISTS LibTorch_LOCAL_ENVIRONMENTS)
  _libtorch_candidate("local environment" "${_dir}")
endforeach()
foreach(_name VIRTUAL_ENV CONDA_PREFIX)
  if(DEFINED ENV{${_name}})
    _libtorch_candidate("\$${_name}" "$ENV{${_name}}")
  endif()
endforeach()

# A candidate may be the torch folder itself, its share/cmake/Torch, an archive, or an environment that holds torch.
set(LibTorch_ROOT "")
foreach(_pair IN LISTS _roots)
  string(REGEX MATCH "^([^|]*)\\|(.*)$" _unused "${_pair}")
  set(_origin "${CMAKE_MATCH_1}")
  set(_dir "${CMAKE_MATCH_2}")
  file(GLOB _inside "${_dir}/lib/python3*/site-packages/torch")
  foreach(_root "${_dir}" "${_dir}/torch" "${_dir}/../../.." ${_inside})
    if(EXISTS "${_root}/lib/libtorch_cpu.so" AND EXISTS "${_root}/include/ATen/ATen.h")
      get_filename_component(LibTorch_ROOT "${_root}" ABSOLUTE)
      set(_found_by "${_origin}")
      break()
    endif()
  endforeach()
  if(LibTorch_ROOT)
    break()
  endif()
  string(APPEND _tried "\n             ${_origin}: ${_dir}")
endforeach()

if(NOT LibTorch_ROOT AND LibTorch_FIND_REQUIRED)
  if(NOT _tried)
    set(_tried " nothing: none of these is set")
  endif()
  message(FATAL_ERROR "no LibTorch found\n"
          "looked at  Torch_DIR, Torch_ROOT, CMAKE_PREFIX_PATH, $LIBTORCH, the local environment, $VIRTUAL_ENV:${_tried}\n"
          "${LibTorch_FIX}")
endif()

if(LibTorch_ROOT)
  # Version and CUDA are read as text: nothing is imported or run.
  set(_cuda "")
  set(LibTorch_VERSION "0")
  if(EXISTS "${LibTorch_ROOT}/version.py")
    set(_kind wheel)
    file(STRINGS "${LibTorch_ROOT}/version.py" _lines REGEX "^(__version__|cuda)")
    if("${_lines}" MATCHES "__version__ = '([0-9.]+)")
      set(LibTorch_VERSION "${CMAKE_MATCH_1}")
    endif()
    if("${_lines}" MATCHES "cuda[^=;]*= '([0-9.]+)'")
      set(_cuda "${CMAKE_MATCH_1}")
    endif()
  elseif(EXISTS "${LibTorch_ROOT}/build-version")
    set(_kind archive)
    file(STRINGS "${LibTorch_ROOT}/build-version" _lines)
    string(REGEX MATCH "^[0-9.]+" LibTorch_VERSION "${_lines}")
  else()
    set(_kind "unknown kind")
    file(STRINGS "${LibTorch_ROOT}/include/torch/headeronly/version.h" _lines REGEX "TORCH_VERSION ")
    string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LibTorch_VERSION "${_lines}")
  endif()
  if(_found_by STREQUAL "local environment")
    string(APPEND _kind ", local environment")
  endif()

  foreach(_dir /usr/include/torch /usr/include/ATen)
    if(EXISTS "${_dir}")
      message(FATAL_ERROR "${_dir} exists: another LibTorch is installed in the system's include folder and would be read "
              "instead of ${LibTorch_ROOT} (whose headers must come after the system's). Remove that package (libtorch-dev).")
    endif()
  endforeach()

  set(LibTorch_LIBRARY_DIRS "${LibTorch_ROOT}/lib")
  file(GLOB _nvidia "${LibTorch_ROOT}/../nvidia/cu*/lib" "${LibTorch_ROOT}/../nvidia/*/lib")
  foreach(_dir IN LISTS _nvidia)
    get_filename_component(_dir "${_dir}" ABSOLUTE)
    list(APPEND LibTorch_LIBRARY_DIRS "${_dir}")
  endforeach()
  list(REMOVE_DUPLICATES LibTorch_LIBRARY_DIRS)

  # The CUDA half can be linked only when everything it needs in turn is there: the small installation for CPUs leaves it out.
  set(LibTorch_HAS_CUDA FALSE)
  set(LibTorch_CUDA_PROBLEM "switched off by VIT_WITH_CUDA")
  if(NOT DEFINED VIT_WITH_CUDA OR NOT VIT_WITH_CUDA STREQUAL "OFF")
    if(NOT EXISTS "${LibTorch_ROOT}/lib/libtorch_cuda.so")
      set(LibTorch_CUDA_PROBLEM "a LibTorch without CUDA")
    else()
      execute_process(COMMAND ldd "${LibTorch_ROOT}/lib/libtorch_cuda.so" OUTPUT_VARIABLE _ldd ERROR_QUIET)
      string(REGEX MATCHALL "[^ \t\n]+ => not found" _missing "${_ldd}")
      list(REMOVE_DUPLICATES _missing)
      string(REPLACE " => not found" "" _missing "${_missing}")
      if(_missing)
        string(REPLACE ";" " " _missing "${_missing}")
        set(LibTorch_CUDA_PROBLEM "not installed: ${_missing}")
      else()
        set(LibTorch_HAS_CUDA TRUE)
        set(LibTorch_CUDA_PROBLEM "")
      endif()
    endif()
    if(VIT_WITH_CUDA STREQUAL "ON" AND NOT LibTorch_HAS_CUDA)
      message(FATAL_ERROR "VIT_WITH_CUDA=ON, but libtorch_cuda cannot be linked (${LibTorch_CUDA_PROBLEM})\n"
              "in         ${LibTorch_ROOT}\nrun        scripts/setup --cuda on")
    endif()
  endif()

  if(NOT TARGET vit::torch)
    foreach(_lib torch_cpu c10 torch_cuda c10_cuda)
      if(EXISTS "${LibTorch_ROOT}/lib/lib${_lib}.so")
        add_library(vit::imported_${_lib} SHARED IMPORTED GLOBAL)
        set_target_properties(vit::imported_${_lib} PROPERTIES IMPORTED_LOCATION "${LibTorch_ROOT}/lib/lib${_lib}.so"
                              IMPORTED_SONAME "lib${_lib}.so")
      endif()
    endforeach()
    add_library(vit::torch INTERFACE IMPORTED GLOBAL)
    target_link_libraries(vit::torch INTERFACE vit::imported_torch_cpu vit::imported_c10)
    foreach(_dir IN LISTS LibTorch_LIBRARY_DIRS)
      target_link_options(vit::torch INTERFACE "LINKER:-rpath-link,${_dir}")
    endforeach()
    # After the system's folders: the wheel ships fmt 12 headers, which break Debian's spdlog when they come first.
    foreach(_dir include include/torch/csrc/api/include)
      target_compile_options(vit::torch INTERFACE "SHELL:-idirafter \"${LibTorch_ROOT}/${_dir}\"")
    endforeach()

    add_library(vit::torch_cuda INTERFACE IMPORTED GLOBAL)
    if(LibTorch_HAS_CUDA)
      target_link_libraries(vit::torch_cuda INTERFACE vit::torch -Wl,--no-as-needed
                            "${LibTorch_ROOT}/lib/libtorch_cuda.so" "${LibTorch_ROOT}/lib/libc10_cuda.so" -Wl,--as-needed)
    endif()
  endif()

  # A wheel older than 2.7 uses the pre-C++11 ABI: std::string in a signature does not link.
  if(NOT DEFINED CACHE{LibTorch_NEW_ABI})
    file(WRITE "${CMAKE_BINARY_DIR}/CMakeFiles/libtorch_abi.cpp"
         "#include <string>\nnamespace c10 { namespace detail { std::string StripBasename(const std::string&); } }\n"
         "int main() { return c10::detail::StripBasename(\"a/b\").size() == 1 ? 0 : 1; }\n")
    string(REPLACE ";" ":" _rpath "${LibTorch_LIBRARY_DIRS}")
    try_compile(LibTorch_NEW_ABI "${CMAKE_BINARY_DIR}/CMakeFiles/libtorch_abi"
                SOURCES "${CMAKE_BINARY_DIR}/CMakeFiles/libtorch_abi.cpp"
                LINK_LIBRARIES "${LibTorch_ROOT}/lib/libc10.so" OUTPUT_VARIABLE _log)
    if(NOT LibTorch_NEW_ABI)
      unset(LibTorch_NEW_ABI CACHE)
      message(FATAL_ERROR "the LibTorch in ${LibTorch_ROOT} was built with the pre-C++11 ABI (Linux wheels before 2.7): "
              "use torch >= 2.7\n${_log}")
    endif()
  endif()

  set(_cuda_words "no CUDA")
  if(_cuda OR LibTorch_HAS_CUDA)
    set(_cuda_words "CUDA ${_cuda}")
    if(NOT LibTorch_HAS_CUDA)
      string(APPEND _cuda_words " not linked")
      if(LibTorch_CUDA_PROBLEM MATCHES "^not installed")
        string(APPEND _cuda_words ": its libraries are not installed")
      endif()
    endif()
  endif()
  set(LibTorch_FOUND_AT "${LibTorch_ROOT}" CACHE INTERNAL "Where LibTorch is (scripts/package reads it)")
  set(LibTorch_DESCRIPTION "${LibTorch_VERSION}  (${_kind})  ${_cuda_words}  cxx11-abi  ${LibTorch_ROOT}")
endif()

include(FindPackageHandleStandardArgs)
set(LibTorch_FIND_QUIETLY TRUE)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_ROOT VERSION_VAR LibTorch_VERSION)
