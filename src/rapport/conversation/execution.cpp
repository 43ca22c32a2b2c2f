#include "rapport/conversation/execution.hpp"

#include "rapport/conversation/characters.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"
#include "rapport/domain/message.hpp"

namespace rapport {

void validate(const Execution& execution) {
    const std::string& content = execution.message.content;
    if (content.empty()) throw InvalidArgument("message.content: empty");
    if (content.size() > kMaxContentBytes) throw InvalidArgument("message.content: too long");
    if (!is_valid_utf8(content)) throw InvalidArgument("message.content: not valid UTF-8");
    if (is_blank(content)) throw InvalidArgument("message.content: nothing but blanks");
    if (!(execution.agreement_level >= 0 && execution.agreement_level <= 1)) {
        throw InvalidArgument("agreement_level: must lie between 0 and 1");
    }
    const std::string& summary = execution.execution_summary;
    if (!is_valid_utf8(summary)) throw InvalidArgument("execution_summary: not valid UTF-8");
    if (count_characters(summary) > Execution::kMaxSummaryCharacters) {
        throw InvalidArgument("execution_summary: more than 150 characters");
    }
}

}  // namespace rapport
