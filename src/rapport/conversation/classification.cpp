#include "rapport/conversation/classification.hpp"

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

void check_confidence(const char* name, double value) {
    if (!(value >= 0 && value <= 1)) {
        throw InvalidArgument(std::string(name) + ": must lie between 0 and 1");
    }
}

}  // namespace

void validate(const Classification& classification) {
    check_confidence("intent_confidence", classification.intent_confidence);
    check_confidence("topic_confidence", classification.topic_confidence);
    check_confidence("urgency_confidence", classification.urgency_confidence);
    if (!is_valid_utf8(classification.topic)) throw InvalidArgument("topic: not valid UTF-8");
    if (!is_valid_utf8(classification.reasoning)) {
        throw InvalidArgument("reasoning: not valid UTF-8");
    }
    if (count_characters(classification.reasoning) > Classification::kMaxReasoningCharacters) {
        throw InvalidArgument("reasoning: more than 600 characters");
    }
    for (std::size_t i = 0; i < classification.new_signals.size(); ++i) {
        try {
            validate(classification.new_signals[i]);
        } catch (const InvalidArgument& error) {
            throw InvalidArgument("new_signals[" + std::to_string(i) + "]." + error.what());
        }
    }
}

}  // namespace rapport
