#include "rapport/conversation/rules/rule_responder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "rapport/conversation/rules/conversation_reading.hpp"
#include "rapport/conversation/rules/lead_facts.hpp"

namespace rapport::rules {
namespace {

bool is_known(SignalDimension dimension, const Lead& lead, const Classification& classification) {
    const auto about = [&](const Signal& signal) { return signal.dimension == dimension; };
    return std::any_of(lead.signals.begin(), lead.signals.end(), about) ||
           std::any_of(classification.new_signals.begin(), classification.new_signals.end(), about);
}

const Reply& reply_for(const Replies& replies, Action action, Intent intent) {
    return *std::find_if(replies.replies.begin(), replies.replies.end(),
                         [&](const Reply& reply) { return reply.occasion.covers(action, intent); });
}

Execution execution_of(const Tables& tables, const Conversation& conversation,
                       const Classification& classification, const Strategy& strategy) {
    const Lead& lead = conversation.lead;
    const Replies& replies = tables.replies(strategy.message_strategy.language);
    const auto turn = static_cast<std::size_t>(std::max<std::int64_t>(lead.message_count, 0));
    Facts facts = lead_facts(lead, classification);
    facts.insert(replies.facts.begin(), replies.facts.end());
    if (!is_known(strategy.focus_dimension, lead, classification)) {
        const auto& questions = replies.questions.at(strategy.focus_dimension);
        facts["question"] = questions[turn / 2 % questions.size()];
    }

    const Reply& reply = reply_for(replies, strategy.action, classification.intent);
    const Message* last = our_last_message(lead);
    const std::size_t count = reply.texts.size();
    std::string content;
    std::size_t tried = 0;
    do {  // A turn stores a message of each side, so that half the count numbers our answers.
        content = reply.texts[(turn / 2 + tried) % count].fill(facts);
    } while (last != nullptr && content == last->content && ++tried < count);

    return {.message = {.content = std::move(content),
                        .persona_reasoning = strategy.message_strategy.tone},
            .agreement_level = 1,
            .execution_summary = fmt::format(
                "{} text {} of {} after {}", enum_to_string(strategy.action),
                (turn / 2 + tried) % count + 1, count, enum_to_string(classification.intent))};
}

}  // namespace

Async<Answer<Execution>> RuleResponder::respond(const Conversation& conversation,
                                                const Classification& classification,
                                                const Strategy& strategy, Deadline) {
    co_return Answer<Execution>{.value =
                                    execution_of(*tables_, conversation, classification, strategy)};
}

}  // namespace rapport::rules
