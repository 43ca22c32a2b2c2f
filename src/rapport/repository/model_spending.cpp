#include "rapport/repository/model_spending.hpp"

namespace rapport {

ObjectId spending_id(Timestamp day) {
    // An id's first four bytes are seconds since 1970; the others are nobody's.
    const auto seconds = static_cast<std::uint32_t>(
        std::chrono::floor<std::chrono::seconds>(day).time_since_epoch().count());
    ObjectId id;
    for (std::size_t i = 0; i < 4; ++i) {
        id.bytes.at(i) = static_cast<std::uint8_t>(seconds >> (8 * (3 - i)));
    }
    return id;
}

}  // namespace rapport
