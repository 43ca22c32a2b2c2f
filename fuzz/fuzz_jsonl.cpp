#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <unordered_set>

#include "rapport/channel/conversation_jsonl.hpp"
#include "rapport/core/utf8.hpp"

/// Any bytes parse; what comes out is valid UTF-8, with identities of its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rapport;
    const JsonlConversations parsed =
        parse_jsonl(std::string_view(reinterpret_cast<const char*>(data), size));
    std::unordered_set<std::string> identities;
    for (const JsonlMessage& message : parsed.messages) {
        if (!is_valid_utf8(message.text) || !is_valid_utf8(message.lead_id)) std::abort();
        if (!identities.insert(message.identity).second) std::abort();
    }
    return 0;
}
