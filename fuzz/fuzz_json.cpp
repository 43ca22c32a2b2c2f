#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace {

using namespace rapport;

/// In pieces whose size the text decides.
void read_as_list(std::string_view text) {
    try {
        JsonListReader reader("messages", [](const Document&) {});
        const std::size_t piece = 1 + text.size() % 13;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            reader.read(text.substr(at, piece));
        }
        reader.finish();
    } catch (const InvalidArgument&) {
        return;
    }
}

}  // namespace

/// Any bytes are a document or refused; a document's own text reads as the same document.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_as_list(text);
    std::string written;
    try {
        written = to_json(from_json(text));
    } catch (const InvalidArgument&) {
        return 0;
    }
    if (to_json(from_json(written)) != written) std::abort();
    return 0;
}
