# cmake --install: programs, configurations, headers, libraries and the package that find_package(vit) reads.
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/vit")

# vit::vit: everything at once, and the CUDA half of LibTorch where there is one.
add_library(vit_umbrella INTERFACE)
set_target_properties(vit_umbrella PROPERTIES EXPORT_NAME vit)
target_link_libraries(vit_umbrella INTERFACE vit::train vit::torch_cuda)
add_library(vit::vit ALIAS vit_umbrella)

get_property(libraries GLOBAL PROPERTY VIT_LIBRARIES)
install(TARGETS ${libraries} vit_umbrella EXPORT vitTargets FILE_SET HEADERS)
install(EXPORT vitTargets NAMESPACE vit:: DESTINATION "${package_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/scripts/cmake/vitConfig.cmake.in" "${PROJECT_BINARY_DIR}/vitConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/vitConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/vitConfig.cmake" "${PROJECT_BINARY_DIR}/vitConfigVersion.cmake"
        third_party/Dependencies.cmake third_party/FindLibTorch.cmake third_party/FindxxHash.cmake
        third_party/FindWebP.cmake DESTINATION "${package_dir}")

install(DIRECTORY configs DESTINATION "${CMAKE_INSTALL_DATADIR}/vit")
if(TARGET vit)
  install(TARGETS vit RUNTIME)
  foreach(link IN LISTS VIT_PROGRAM_NAMES)
    install(CODE "file(CREATE_LINK vit \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/${link}\" SYMBOLIC)")
  endforeach()
endif()
