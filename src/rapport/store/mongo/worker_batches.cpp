// How a worker runs many operations as one command.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/store/key_lookup.hpp"
#include "rapport/store/mongo/query.hpp"
#include "rapport/store/mongo/statements.hpp"
#include "rapport/store/mongo/worker.hpp"

namespace rapport::mongo {
namespace {

enum Lane : std::size_t { kFinds = 1, kInserts, kCommits, kPages };

/// The operations of a batch by what can be one command.
template <class Op, class Key>
std::vector<std::pair<std::vector<const Op*>, std::vector<Outcome*>>> grouped(
    const std::vector<const Operation*>& operations, std::vector<Outcome>& outcomes, Key key_of) {
    std::map<decltype(key_of(std::declval<const Op&>())),
             std::pair<std::vector<const Op*>, std::vector<Outcome*>>>
        by_key;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const Op& op = std::get<Op>(*operations[i]);
        auto& group = by_key[key_of(op)];
        group.first.push_back(&op);
        group.second.push_back(&outcomes[i]);
    }
    std::vector<std::pair<std::vector<const Op*>, std::vector<Outcome*>>> groups;
    groups.reserve(by_key.size());
    for (auto& [key, group] : by_key) groups.push_back(std::move(group));
    return groups;
}

Unavailable outcome_unknown() {
    return Unavailable("MongoDB did not say whether the change is kept");
}

}  // namespace

std::size_t MongoLanes::lane_of(const Operation& operation) const {
    if (std::holds_alternative<InsertDocuments>(operation)) return kInserts;
    if (std::holds_alternative<CommitDocuments>(operation)) return kCommits;
    const auto* find = std::get_if<FindDocuments>(&operation);
    if (find == nullptr) return kAlone;
    if (key_of_page(*find) != nullptr) return kPages;
    return asks_by_unique_key(*find) ? kFinds : kAlone;
}

/// While one batch of commits waits for the disk, the server works at another. Inserts may be
/// large, as an import's are: they do not wait for one another, but leave half of the workers to
/// the rest.
std::size_t MongoLanes::most_under_way(std::size_t lane) const {
    if (lane == kFinds) return 1;
    return lane == kCommits ? std::min<std::size_t>(workers_, 2)
                            : std::max<std::size_t>(workers_ / 2, 1);
}

/// Every document of a page passes through what stands behind it in the command.
std::size_t MongoLanes::most_together(std::size_t lane) const {
    constexpr std::size_t kMostPages = 8;
    return lane == kPages ? kMostPages : Lanes::most_together(lane);
}

std::size_t MongoLanes::fed_by(std::size_t lane) const {
    return lane == kCommits ? kFinds : kAlone;
}

std::vector<Outcome> MongoWorker::run_together(const std::vector<const Operation*>& operations,
                                               Deadline deadline) {
    std::vector<Outcome> outcomes(operations.size());
    const auto* find = std::get_if<FindDocuments>(operations.front());
    if (find != nullptr && key_of_page(*find) != nullptr) {
        const auto key = [](const FindDocuments& page) {
            return std::tuple(page.collection, key_of_page(page)->path,
                              std::string(to_sort(page.sort).bytes()));
        };
        for (const auto& [pages, of_pages] : grouped<FindDocuments>(operations, outcomes, key)) {
            if (!find_pages(pages, of_pages, deadline)) return run_one_by_one(operations, deadline);
        }
    } else if (find != nullptr) {
        const auto key = [](const FindDocuments& one) {
            return std::pair(one.collection, key_lookup(one).value().paths);
        };
        for (const auto& [finds, of_finds] : grouped<FindDocuments>(operations, outcomes, key)) {
            find_together(finds, of_finds, deadline);
        }
    } else if (std::holds_alternative<InsertDocuments>(*operations.front())) {
        const auto key = [](const InsertDocuments& insert) { return insert.collection; };
        for (const auto& [inserts, of_inserts] :
             grouped<InsertDocuments>(operations, outcomes, key)) {
            insert_together(inserts, of_inserts, deadline);
        }
    } else {
        const auto key = [](const CommitDocuments& commit) {
            return std::pair(commit.change.collection, commit.details.collection);
        };
        for (const auto& [commits, of_commits] :
             grouped<CommitDocuments>(operations, outcomes, key)) {
            commit_together(commits, of_commits, deadline);
        }
    }
    return outcomes;
}

void MongoWorker::fail_all(std::span<Outcome* const> outcomes) {
    for (Outcome* outcome : outcomes) outcome->error = std::current_exception();
}

Result MongoWorker::run(const InsertDocuments& insert, Deadline deadline) {
    check_sizes(insert);
    std::vector<const Document*> documents;
    documents.reserve(insert.documents.size());
    for (const Document& document : insert.documents) documents.push_back(&document);
    const auto refusals = insert_all(session_, *insert.collection, documents, deadline);
    return duplicates_in(*insert.collection, refusals, 0, documents.size(), deadline);
}

void MongoWorker::insert_together(Several<InsertDocuments> inserts,
                                  std::span<Outcome* const> outcomes, Deadline deadline) try {
    std::vector<const Document*> documents;
    for (std::size_t i = 0; i < inserts.size(); ++i) {
        try {
            check_sizes(*inserts[i]);
            for (const Document& document : inserts[i]->documents) documents.push_back(&document);
        } catch (const InvalidArgument&) {
            outcomes[i]->error = std::current_exception();
        }
    }
    const Collection& collection = *inserts.front()->collection;
    const auto refusals = insert_all(session_, collection, documents, deadline);
    std::size_t from = 0;
    for (std::size_t i = 0; i < inserts.size(); ++i) {
        if (outcomes[i]->error) continue;
        const std::size_t count = inserts[i]->documents.size();
        try {
            outcomes[i]->result = duplicates_in(collection, refusals, from, count, deadline);
        } catch (const Error&) {
            outcomes[i]->error = std::current_exception();
        }
        from += count;
    }
} catch (...) {
    fail_all(outcomes);
}

Result MongoWorker::run(const CommitDocuments& commit, Deadline deadline) {
    Outcome outcome;
    const CommitDocuments* const commits[] = {&commit};
    Outcome* const outcomes[] = {&outcome};
    commit_together(commits, outcomes, deadline);
    if (outcome.error) std::rethrow_exception(outcome.error);
    return std::move(outcome.result);
}

void MongoWorker::commit_together(Several<CommitDocuments> commits,
                                  std::span<Outcome* const> outcomes, Deadline deadline) {
    std::vector<Document> statements;
    std::vector<std::size_t> of_statement;
    statements.reserve(commits.size());
    for (std::size_t i = 0; i < commits.size(); ++i) {
        outcomes[i]->result = Committed{};
        try {
            statements.push_back(statement_of(*commits[i]));
            of_statement.push_back(i);
        } catch (const InvalidArgument&) {
            outcomes[i]->error = std::current_exception();
        }
    }
    std::vector<const Document*> all;
    all.reserve(statements.size());
    for (const Document& statement : statements) all.push_back(&statement);
    for (std::size_t from = 0; from < all.size();) {
        const std::size_t end = end_of_command(all, from);
        std::vector<const CommitDocuments*> sent;
        std::vector<Outcome*> of_sent;
        for (std::size_t i = from; i < end; ++i) {
            sent.push_back(commits[of_statement[i]]);
            of_sent.push_back(outcomes[of_statement[i]]);
        }
        commit_some(std::span(all).subspan(from, end - from), sent, of_sent, deadline);
        from = end;
    }
}

/// One command of statements, and one of the details of those that happened. Only the second waits
/// for the disk and the majority: a log is in order, so whoever has the details has the change
/// before them. That holds as long as one primary takes both in one term, which its answers tell.
void MongoWorker::commit_some(std::span<const Document* const> statements,
                              Several<CommitDocuments> commits, std::span<Outcome* const> outcomes,
                              Deadline deadline) {
    Sending of_details;
    try {
        const bool is_alone = commits.front()->details.collection == nullptr;
        BsonWriter command;
        command.add("update", commits.front()->change.collection->name);
        command.add("ordered", false);
        add_time_limit(command, deadline);
        command.begin_array("updates");
        for (const Document* statement : statements) command.add({}, *statement);
        command.end();
        fault_point("commit.before_send");
        // A change alone is not sent again by its caller, as a turn is.
        const Document answer =
            is_alone ? write_command(session_, command.finish(), deadline)
                     : commit_at_once(command.finish(), commits, of_details, deadline);
        fault_point("commit.answered");
        for (Outcome* outcome : outcomes) std::get<Committed>(outcome->result).happened = true;
        for (const Refusal& refusal : refusals_of(answer, 0)) {
            Outcome& outcome = *outcomes[refusal.position];
            outcome.result = Committed{};
            const bool taken =
                refusal.code == kDuplicateKey && commits[refusal.position]->create.has_value();
            if (refusal.code == kPathNotViable || taken) continue;
            try {
                translate_refusal(refusal.code, deadline);
            } catch (const Error&) {
                outcome.error = std::current_exception();
            }
        }
    } catch (...) {
        return fail_all(outcomes);
    }
    store_details(commits, outcomes, of_details, deadline);
}

/// Sends the statements so that their answer need not wait, where the details can wait for them:
/// `of_details` says how those must be sent then.
Document MongoWorker::commit_at_once(const Document& command, Several<CommitDocuments> commits,
                                     Sending& of_details, Deadline deadline) {
    const auto may_wait = [](const CommitDocuments* commit) {
        return !commit->acknowledged_first && !commit->details.documents.empty();
    };
    Sending sending;
    if (tells_election_ && std::ranges::all_of(commits, may_wait)) {
        sending = {true, writing_server(session_, deadline)};
    }
    Document answer = write_once(session_, command, deadline, sending);
    if (sending.at_once && refusals_of(answer, 0).size() == commits.size()) {
        // What came before them may be on no majority yet, and who loads again has to see it.
        sending = {};
        answer = write_once(session_, command, deadline);
    }
    const auto election = election_of(answer);
    tells_election_ = election.has_value();
    if (!sending.at_once) return answer;
    if (!election) throw outcome_unknown();
    of_details = {false, sending.server, election};
    return answer;
}

void MongoWorker::store_details(Several<CommitDocuments> commits,
                                std::span<Outcome* const> outcomes, const Sending& sending,
                                Deadline deadline) {
    std::vector<std::size_t> happened;
    std::vector<const Document*> documents;
    for (std::size_t i = 0; i < commits.size(); ++i) {
        if (outcomes[i]->error || !std::get<Committed>(outcomes[i]->result).happened) continue;
        happened.push_back(i);
        for (const Document& detail : commits[i]->details.documents) documents.push_back(&detail);
    }
    const Collection* collection = commits.front()->details.collection;
    const auto not_stored = [&](std::size_t i) {
        // Where only the details were to wait for a majority, the change may not last either.
        if (sending.election) outcomes[i]->error = std::make_exception_ptr(outcome_unknown());
    };
    std::vector<Refusal> refusals;
    try {
        if (!documents.empty()) {
            fault_point("messages.before_send");
            refusals = insert_all(session_, *collection, documents, deadline, &sending);
            fault_point("messages.answered");
        }
    } catch (const Error&) {
        std::ranges::for_each(happened, not_stored);
        return;
    }
    std::size_t from = 0;
    for (const std::size_t i : happened) {
        auto& committed = std::get<Committed>(outcomes[i]->result);
        const std::size_t count = commits[i]->details.documents.size();
        try {
            if (count > 0) {
                committed.duplicates = duplicates_in(*collection, refusals, from, count, deadline);
            }
            committed.details_stored = true;
        } catch (const Error&) {
            not_stored(i);
        }
        from += count;
    }
}

}  // namespace rapport::mongo
