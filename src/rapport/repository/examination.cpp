#include "rapport/repository/examination.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/retention.hpp"

namespace rapport {
namespace {

/// Leads read at once: few, since each may have 16 MiB.
constexpr std::int64_t kLeadsExaminedAtOnce = 16;
/// Messages that are looked for once more at the end.
constexpr std::size_t kMostRemembered = 10'000;

template <class T>
Async<Learned<T>> learned(Async<T> look) {
    try {
        co_return co_await std::move(look);
    } catch (const Error& error) {
        co_return Obstacle(error);
    }
}

bool has_text_date(const Document& lead) {
    for (BsonReader in(lead); !in.at_end();) {
        const BsonElement member = in.next();
        const Column* column = lead_collection().find_column(member.name());
        if (column != nullptr && column->type == ColumnType::kDate &&
            member.type() == BsonType::kString) {
            return true;
        }
    }
    return false;
}

/// True for what normalize_lead_id() may have made; asking it takes longer than reading the lead.
bool is_normalized(std::string_view lead_id) {
    if (lead_id.starts_with("wa:") || lead_id.starts_with("ext:")) return true;
    return lead_id.starts_with('+') && lead_id.find_first_not_of("0123456789", 1) == lead_id.npos;
}

/// A look at every lead, as it is stored.
class LeadSurvey {
  public:
    LeadSurvey(Store& store, std::function<void(std::int64_t)> looked, Deadline until)
        : store_(store), leads_(store), looked_(std::move(looked)), until_(until) {}

    Async<LeadFacts> run() {
        FindDocuments find{&lead_collection(), AllOf{}, {{"_id"}}, kLeadsExaminedAtOnce};
        while (true) {
            const std::vector<Document> piece = co_await store_.find(find, of_query());
            std::vector<Lead> readable;
            for (const Document& document : piece) look_at(document, readable);
            co_await look_for_messages(std::move(readable));
            looked_(std::ssize(piece));
            if (std::ssize(piece) < kLeadsExaminedAtOnce) break;
            find.filter = Compare{"_id", CompareOp::kGreater, scalar_at(piece.back(), "_id")};
        }
        co_await look_again();
        co_return std::move(facts_);
    }

  private:
    Deadline of_query() const { return Deadline(std::min(Deadline().at(), until_.at())); }

    void look_at(const Document& document, std::vector<Lead>& readable) {
        ++facts_.leads;
        const auto bytes = std::ssize(document.bytes());
        if (bytes >= kLargeLead) ++facts_.large;
        if (has_text_date(document)) ++facts_.with_text_dates;
        const std::string lead_id = text_at(document, "lead_id");
        if (!is_normalized(lead_id)) ++facts_.as_typed;
        if (bytes > facts_.largest_bytes) {
            facts_.largest_bytes = bytes;
            facts_.largest_lead = mask_phone(lead_id);
        }
        try {
            readable.push_back(from_document<Lead>(document));
        } catch (const InvalidDocument&) {
            ++facts_.unreadable;
        }
    }

    Async<void> look_for_messages(std::vector<Lead> leads) {
        const auto missing = co_await leads_.unsettled(std::move(leads), of_query());
        facts_.unsettled_messages += std::ssize(missing);
        for (const Message& message : missing) {
            if (suspects_.size() < kMostRemembered) suspects_.push_back(message.id);
        }
    }

    /// Those of turns that were under way are stored by now.
    Async<void> look_again() {
        if (suspects_.empty()) co_return;
        const Filter<Message> same = where(&Message::id).in(suspects_);
        const auto groups =
            co_await store_.aggregate({&message_collection(), same.node()}, of_query());
        facts_.unsettled_messages -= groups.front().count;
    }

    Store& store_;
    LeadRepository leads_;
    std::function<void(std::int64_t)> looked_;
    Deadline until_;
    LeadFacts facts_{};
    std::vector<ObjectId> suspects_{};
};

/// By the indexes on these dates, where they stand. Text is above every date in BSON's order, and
/// compares with text only.
Async<std::int64_t> count_text_dates(Store& store, Deadline until) {
    std::vector<FilterNode> any;
    any.emplace_back(Compare{"timestamp", CompareOp::kGreaterEqual, std::string()});
    if (message_retention(store.collections())) {
        any.emplace_back(Compare{"created_at", CompareOp::kGreaterEqual, std::string()});
    }
    std::int64_t most = 0;
    for (FilterNode& one : any) {
        const auto groups =
            co_await store.aggregate({&message_collection(), std::move(one)}, until);
        most = std::max(most, groups.front().count);
    }
    co_return most;
}

/// `rapport retain` runs once a day, and takes its time.
Async<std::int64_t> count_overdue(Store& store, std::chrono::seconds retention) {
    return count_due(store, now() - retention - std::chrono::days(2));
}

}  // namespace

Async<Examination> examine(DatabaseManager& manager, std::function<void(std::int64_t)> looked,
                           Deadline until) {
    Store& store = manager.database();
    Learned<ServerState> server = co_await learned(store.inspect(until));
    Learned<IndexPlan> indexes = co_await learned(manager.plan_indexes());
    LeadSurvey survey(store, std::move(looked), until);
    Learned<LeadFacts> leads = co_await learned(survey.run());
    Learned<std::int64_t> text_dates = std::int64_t{0};
    const auto* state = std::get_if<ServerState>(&server);
    // SQLite has no type for dates: all of them are text there.
    if (state != nullptr && state->info.engine == "mongodb") {
        const Deadline of_query(std::min(Deadline().at(), until.at()));
        text_dates = co_await learned(count_text_dates(store, of_query));
    }
    const auto retention = message_retention(store.collections());
    const bool archives = archives_messages(store.collections());
    Learned<std::int64_t> overdue = std::int64_t{0};
    if (archives) overdue = co_await learned(count_overdue(store, *retention));
    co_return Examination{.server = std::move(server),
                          .indexes = std::move(indexes),
                          .retention = retention,
                          .archives = archives,
                          .overdue = std::move(overdue),
                          .leads = std::move(leads),
                          .messages_with_text_dates = std::move(text_dates)};
}

}  // namespace rapport
