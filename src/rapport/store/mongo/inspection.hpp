#pragma once

#include "rapport/store/mongo/driver.hpp"

namespace rapport::mongo {

/// Asks the server who it is, and proves that this user may ask.
ServerInfo server_info(const Session& session, Deadline deadline);

/// See InspectServer.
ServerState inspect_server(const Session& session, Deadline deadline);

}  // namespace rapport::mongo
