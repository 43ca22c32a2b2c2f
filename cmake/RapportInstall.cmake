# `cmake --install`: the libraries, their headers and a package for find_package(rapport).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rapport")

# Of an adapter only the header that makes its store: the others include the driver, as curl_loop.hpp does.
set(include_dir "${CMAKE_INSTALL_INCLUDEDIR}/rapport")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/rapport/" DESTINATION "${include_dir}"
  FILES_MATCHING PATTERN "*.hpp" PATTERN "cli" EXCLUDE PATTERN "mongo" EXCLUDE PATTERN "sqlite" EXCLUDE
  PATTERN "curl_loop.hpp" EXCLUDE)
foreach(adapter mongo sqlite)
  install(FILES "${PROJECT_SOURCE_DIR}/src/rapport/store/${adapter}/${adapter}_store.hpp"
    DESTINATION "${include_dir}/store/${adapter}")
endforeach()
install(EXPORT rapportTargets NAMESPACE rapport:: DESTINATION "${package_dir}")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rapportConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/rapportConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rapportConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/rapportConfig.cmake"
  "${PROJECT_BINARY_DIR}/rapportConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/RapportDependencies.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindPhoneNumber.cmake"
  DESTINATION "${package_dir}")
# The rule agents' tables, to copy and edit.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/config/" DESTINATION "${CMAKE_INSTALL_DATADIR}/rapport/config")
