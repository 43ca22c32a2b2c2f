#pragma once

#include <functional>
#include <string_view>

namespace rapport {

/// Called with pieces of a document or a file, front to back.
using Sink = std::function<void(std::string_view piece)>;

}  // namespace rapport
