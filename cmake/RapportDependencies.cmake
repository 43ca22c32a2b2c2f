# What the libraries need. Also read by find_package(rapport), so it uses nothing of this build.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(spdlog)
find_dependency(Boost 1.81 COMPONENTS json)
find_dependency(date)
find_dependency(PhoneNumber)
find_dependency(mongoc-1.0)
find_dependency(SQLite3)
find_dependency(OpenSSL)
find_dependency(PkgConfig)
# Debian splits libzip's programs from its headers, and its CMake package then refuses to load.
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
