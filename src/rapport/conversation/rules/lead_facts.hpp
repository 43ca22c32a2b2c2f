#pragma once

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/rules/reply_template.hpp"

namespace rapport::rules {

/// What a reply may repeat of a lead (kLeadFacts but the question), as far as it is known and looks
/// like what it should be: a name is one short word of letters, seats are digits, a budget is as
/// Quantity::money_text writes it. Names and signals come from outside, so all else is left out.
Facts lead_facts(const Lead& lead, const Classification& classification);

}  // namespace rapport::rules
