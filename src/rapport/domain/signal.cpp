#include "rapport/domain/signal.hpp"

#include <algorithm>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {

void validate(const Signal& signal) {
    if (!(signal.confidence.value >= 0 && signal.confidence.value <= 1)) {
        throw InvalidArgument("confidence.value: must lie between 0 and 1");
    }
    if (count_characters(signal.confidence.reasoning) > kMaxReasoningCharacters) {
        throw InvalidArgument("confidence.reasoning: more than 300 characters");
    }
    const std::string inferred_from = signal.inferred_from.value_or("");
    for (const std::string* text :
         {&signal.extracted_value, &signal.confidence.reasoning, &signal.source_message_id,
          &signal.raw_evidence, &inferred_from}) {
        if (!is_valid_utf8(*text)) throw InvalidArgument("signal: a text is not valid UTF-8");
    }
}

}  // namespace rapport
