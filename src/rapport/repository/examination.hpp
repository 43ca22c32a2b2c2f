#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "rapport/core/error.hpp"
#include "rapport/repository/database_manager.hpp"

namespace rapport {

/// What kept us from learning something.
struct Obstacle {
    ErrorCode code;
    std::string problem;
    std::string cure;  ///< may be empty

    explicit Obstacle(const Error& error)
        : code(error.code()), problem(error.problem()), cure(error.cure()) {}
};

/// What was learned, or why it was not.
template <class T>
using Learned = std::variant<T, Obstacle>;

/// What a look at every lead shows.
struct LeadFacts {
    std::int64_t leads = 0;
    std::int64_t unreadable = 0;
    /// Messages that are in their lead alone, and were so a moment later, too.
    std::int64_t unsettled_messages = 0;
    std::int64_t large = 0;  ///< of kLargeLead bytes or more
    std::int64_t largest_bytes = 0;
    std::string largest_lead{};        ///< masked
    std::int64_t with_text_dates = 0;  ///< a date is text of another form than ours
    /// The lead_id is as somebody typed it: asked for by its number the lead is not found.
    std::int64_t as_typed = 0;
};

/// A database as it was found; see diagnose() for what that means.
struct Examination {
    Learned<ServerState> server;
    Learned<IndexPlan> indexes;
    /// How long the settings keep messages; absent: for ever.
    std::optional<std::chrono::seconds> retention{};
    /// They move to the archive then; else they are removed.
    bool archives = false;
    /// Messages that should have moved there two days ago.
    Learned<std::int64_t> overdue = std::int64_t{0};
    Learned<LeadFacts> leads;
    /// Messages whose dates are text where dates are a type of their own.
    Learned<std::int64_t> messages_with_text_dates;
};

/// From this size on a lead is close to what a document may have.
inline constexpr std::int64_t kLargeLead = std::int64_t{12} * 1024 * 1024;

/// Looks at everything that a person who looks after the database should know: changes nothing,
/// and reads every lead once, a few at a time. What cannot be learned is said in its place;
/// `looked` hears how many leads were read meanwhile. Takes at most `until`, each query 30 s.
/// Throws NotConnected before connect().
Async<Examination> examine(DatabaseManager& manager, std::function<void(std::int64_t)> looked,
                           Deadline until = Deadline::in(std::chrono::minutes(30)));

}  // namespace rapport
