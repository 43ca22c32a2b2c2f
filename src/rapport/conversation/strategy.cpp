#include "rapport/conversation/strategy.hpp"

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

void check_plan_text(const char* name, const std::string& text) {
    if (text.size() > Strategy::kMaxTextBytes) {
        throw InvalidArgument(std::string(name) + ": too long");
    }
    if (!is_valid_utf8(text)) throw InvalidArgument(std::string(name) + ": not valid UTF-8");
}

}  // namespace

void validate(const Strategy& strategy) {
    const MessageStrategy& style = strategy.message_strategy;
    check_plan_text("message_strategy.tone", style.tone);
    for (const std::string& point : style.empathy_points) {
        check_plan_text("message_strategy.empathy_points", point);
    }
    for (const std::string& point : style.key_points) {
        check_plan_text("message_strategy.key_points", point);
    }
    check_plan_text("message_strategy.conversational_goal", style.conversational_goal);
    check_plan_text("scheduling_instruction", strategy.scheduling_instruction.value_or(""));
    check_plan_text("strategic_reasoning", strategy.strategic_reasoning);
}

}  // namespace rapport
