#include "rapport/domain/message.hpp"

#include <fmt/format.h>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {

void validate(const Message& message) {
    if (message.content.size() > kMaxContentBytes) {
        throw InvalidArgument(fmt::format("content: {} bytes, at most {} are allowed",
                                          message.content.size(), kMaxContentBytes));
    }
    if (!is_valid_utf8(message.content)) throw InvalidArgument("content: not valid UTF-8");
    if (message.tokens < 0) throw InvalidArgument("tokens: must not be negative");
    if (message.tokens > kMaxTokens) {
        throw InvalidArgument(fmt::format("tokens: at most {} are allowed", kMaxTokens));
    }
    const auto& id = message.external_id;
    if (id && (id->empty() || id->size() > kMaxExternalIdBytes)) {
        throw InvalidArgument(fmt::format("external_id: expected 1 to {} bytes, or none at all",
                                          kMaxExternalIdBytes));
    }
}

}  // namespace rapport
