#pragma once

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "rapport/domain/lead.hpp"

namespace rapport::bench {

/// The lead of the stream.
inline const std::string kTalkative = "+525599999999";

/// How much there is.
struct Population {
    int leads = 10'000;  ///< each with 20 messages
    int talk = 100'000;  ///< messages of the talkative one, who is there as well

    /// One of the leads; the talkative one where there are no others.
    std::string any_lead(std::mt19937& random) const;
};

/// What leads ask, so that agents have something to read.
inline constexpr std::array<const char*, 4> kQuestions{
    "Hola, ¿cuánto cuesta para un equipo de 20 personas?",
    "Does it work together with our calendar, and from when on could we use it?",
    "Nuestro presupuesto es de 40,000 pesos al mes, ¿alcanza para lo que necesitamos?",
    "I would like to see how it looks like before I talk to my boss about it"};

/// Which of them is asked in a turn.
constexpr std::size_t question_of(int turn) {
    return static_cast<std::size_t>(turn) % kQuestions.size();
}

/// As the orchestrator makes it of one of the questions.
Message make_question(std::size_t question, std::string lead_id);

std::string lead_id(int i);
/// The i-th of many messages, 120 characters long, alternately of the lead and the agent.
Message make_message(const std::string& lead_id, int i, Timestamp at);
/// A lead of 7.3 KB: 20 messages of history, 10 signals. Its messages are added to `said`.
Lead make_lead(int i, Timestamp at, std::vector<Message>& said);
/// The talkative lead, without messages.
Lead make_talkative(Timestamp at);

}  // namespace rapport::bench
