#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/repository/correction.hpp"
#include "rapport/repository/database_manager.hpp"

namespace rapport {

struct MigrationOptions {
    /// Changes nothing; the report says what a migration would do.
    bool plan = false;
    /// Makes one lead of those with one number.
    bool merge = false;
    /// Members, besides those known to be, that the earlier system computed: taken out of leads and
    /// messages.
    std::vector<std::string> computed{};
    /// Where numbers without a country code belong.
    std::string default_region = "MX";
};

/// What was found in a collection. Documents that need nothing are counted, and nothing else.
struct CollectionReport {
    std::int64_t documents = 0;
    /// Written by this run.
    std::int64_t changed = 0;
    /// By defect, how many documents have it.
    std::map<Defect, std::int64_t> defects{};
    /// Members of other systems, which stay, and how many documents have them.
    std::map<std::string, std::int64_t> unknown{};

    std::int64_t count(Defect defect) const;
};

/// A document that has a defect: enough to look at it, none of its contents.
struct MigrationExample {
    Defect defect;
    std::string collection;
    std::string id;
    std::string what;  ///< the member, or why it is unreadable
};

/// Leads of one number.
struct Collision {
    std::string number{};              ///< masked
    std::vector<std::string> leads{};  ///< their `_id`s; the first is, or was to be, the one
    bool merged = false;
    std::string problem{};  ///< what kept them from being merged
};

struct MigrationReport {
    CollectionReport leads{};
    CollectionReport messages{};
    std::vector<MigrationExample> examples{};  ///< a few a defect and collection
    std::vector<Collision> collisions{};
    std::int64_t merged_leads = 0;  ///< that are part of another now
    /// Messages that got their `seq`; in a plan those that would, as far as nothing else about them
    /// is to be changed before.
    std::int64_t numbered = 0;
    /// Older than retention allows: they are removed once their dates are dates.
    std::int64_t expired_messages = 0;
    /// What the indexes differed in; why they could not be brought to the design, if so.
    IndexPlan indexes{};
    std::string indexes_refused{};

    /// True where a migration has something to do.
    bool finds_something() const;
    /// True where something stays as it is that a person must decide about.
    bool leaves_something() const;
};

/// Hears what is being looked at (`messages`, `leads`), how many there are of them, and that some
/// more have been dealt with.
struct MigrationProgress {
    std::function<void(std::string_view what, std::int64_t total)> begin = [](auto, auto) {};
    std::function<void(std::int64_t)> advance = [](auto) {};
};

/// Brings a database that an earlier system wrote to today's form, where it stands: dates that are
/// text become dates, nulls and computed members go, numbers get their one spelling, leads a
/// version, messages their `seq` and `lead_ref`, and indexes what they should be. Leads of one
/// number are only reported unless they are to be merged.
///
/// Every document is changed by one guarded statement, which has no effect where it is as it should
/// be, or was changed meanwhile: so a migration can be cut short, repeated and run by several
/// processes at once, and turns may be committed meanwhile. The earlier system must not write any
/// more. Throws what Store says; what was done until then stays, and the next run does the rest.
Async<MigrationReport> migrate(DatabaseManager& manager, MigrationOptions options,
                               MigrationProgress progress = {});

}  // namespace rapport
