# What the libraries need. Also read by find_package(rapport), so it uses nothing of this build.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(Boost 1.81 COMPONENTS json)
