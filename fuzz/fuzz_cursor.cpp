#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rapport/core/error.hpp"
#include "rapport/core/sort.hpp"
#include "rapport/domain/lead.hpp"
#include "rapport/repository/page.hpp"

/// Any text is a place in the list or refused; a place's own text is the same place.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rapport;
    static const auto sort = Sort<Lead>()
                                 .descending(where(&Lead::last_interaction_at))
                                 .descending(where(&Lead::id))
                                 .keys();
    PagePosition place;
    std::string written;
    try {
        place = decode_cursor({reinterpret_cast<const char*>(data), size}, sort);
        written = encode_cursor(place, sort);
    } catch (const InvalidArgument&) {
        return 0;
    }
    const PagePosition again = decode_cursor(written, sort);
    if (again.values != place.values || again.backwards != place.backwards) std::abort();
    return 0;
}
