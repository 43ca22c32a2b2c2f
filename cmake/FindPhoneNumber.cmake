# Finds Google's libphonenumber, which ships no CMake package, and defines PhoneNumber::PhoneNumber.
#
# The headers are optional here, since programs that use an installed rapport link the library and
# never see them: PhoneNumber_INCLUDE_DIR tells. Debian 12 has them in a package that cannot be
# installed beside Boost 1.81, so the library may be there without its development symlink.
include(CMakeFindDependencyMacro)
find_dependency(Protobuf)

find_path(PhoneNumber_INCLUDE_DIR phonenumbers/phonenumberutil.h)
find_library(PhoneNumber_LIBRARY NAMES phonenumber libphonenumber.so.8)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PhoneNumber REQUIRED_VARS PhoneNumber_LIBRARY)
mark_as_advanced(PhoneNumber_INCLUDE_DIR PhoneNumber_LIBRARY)

if(PhoneNumber_FOUND AND NOT TARGET PhoneNumber::PhoneNumber)
  add_library(PhoneNumber::PhoneNumber UNKNOWN IMPORTED)
  set_target_properties(PhoneNumber::PhoneNumber PROPERTIES
    IMPORTED_LOCATION "${PhoneNumber_LIBRARY}"
    INTERFACE_LINK_LIBRARIES protobuf::libprotobuf)
  if(PhoneNumber_INCLUDE_DIR)
    set_target_properties(PhoneNumber::PhoneNumber PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${PhoneNumber_INCLUDE_DIR}")
  endif()
endif()
