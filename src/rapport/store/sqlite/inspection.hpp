#pragma once

#include "rapport/store/operation.hpp"
#include "rapport/store/sqlite/connection.hpp"

namespace rapport::sqlite {

/// See InspectServer. Reads the whole file once.
ServerState inspect_file(Connection& connection);

}  // namespace rapport::sqlite
