#pragma once

#include <string>

#include "rapport/domain/lead.hpp"

namespace rapport::bench {

inline constexpr int kLeads = 10'000;
/// The lead of the stream: 100,000 messages.
inline const std::string kTalkative = "+525599999999";
inline constexpr int kTalk = 100'000;

std::string lead_id(int i);
/// The i-th of many messages, 120 characters long, alternately of the lead and the agent.
Message make_message(const std::string& lead_id, int i, Timestamp at);
/// A lead of 7.3 KB: 20 messages of history, 10 signals.
Lead make_lead(int i, Timestamp at);

}  // namespace rapport::bench
