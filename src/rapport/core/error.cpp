#include "rapport/core/error.hpp"

namespace rapport {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::kNotConnected:
            return "NotConnected";
        case ErrorCode::kInvalidArgument:
            return "InvalidArgument";
        case ErrorCode::kDuplicateKey:
            return "DuplicateKey";
        case ErrorCode::kVersionConflict:
            return "VersionConflict";
        case ErrorCode::kInvalidDocument:
            return "InvalidDocument";
        case ErrorCode::kTimeout:
            return "Timeout";
        case ErrorCode::kUnavailable:
            return "Unavailable";
        case ErrorCode::kOverloaded:
            return "Overloaded";
        case ErrorCode::kCorrupt:
            return "Corrupt";
    }
    return "Unknown";
}

}  // namespace rapport
