#include "rapport/store/mongo/statements.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/scalar.hpp"
#include "rapport/store/mongo/query.hpp"

namespace rapport::mongo {
namespace {

/// The most statements of one command. MongoDB takes 100,000, within kMaxDocumentBytes of a few.
constexpr std::size_t kMostStatements = 1000;

void check_size(const Collection& collection, const Document& document) {
    if (document.bytes().size() > kMaxDocumentBytes) {
        throw InvalidArgument(fmt::format("{}: a document of {} bytes; at most {} are allowed",
                                          collection.name, document.bytes().size(),
                                          kMaxDocumentBytes));
    }
}

Refusal read_refusal(const BsonElement& error) {
    Refusal refusal{0, 0};
    for (BsonReader in(error.as_nested()); !in.at_end();) {
        const BsonElement member = in.next();
        if (member.name() == "code") refusal.code = member.as_integer();
        if (member.name() == "index") {
            refusal.position = static_cast<std::size_t>(member.as_integer());
        }
        if (member.name() != "keyPattern") continue;
        for (BsonReader pattern(member.as_nested()); !pattern.at_end();) {
            refusal.keys.push_back({std::string(pattern.next().name()), false});
        }
    }
    return refusal;
}

/// A text that the filter demands.
const std::string* demanded_text(const FilterNode& filter) {
    if (const auto* compare = std::get_if<Compare>(&filter)) {
        const bool text = std::holds_alternative<std::string>(compare->value);
        return compare->op == CompareOp::kEqual && text ? &compare->path : nullptr;
    }
    if (const auto* all = std::get_if<AllOf>(&filter)) {
        for (const FilterNode& part : all->parts) {
            if (const std::string* path = demanded_text(part)) return path;
        }
    }
    return nullptr;
}

/// The server answers with totals, never with what one statement of many matched. So a miss is made
/// an error: the statement may insert, and cannot, since below a text there is no member.
Document guarded_statement(const UpdateDocuments& update) {
    const std::string* text = demanded_text(update.filter);
    if (text == nullptr) {
        throw InvalidArgument("a guarded change: its filter names no text by equality");
    }
    const Document changes = to_update(update.changes);
    BsonWriter out;
    out.add("q", to_filter(update.filter));
    out.begin_document("u");
    for (BsonReader in(changes); !in.at_end();) {
        const BsonElement of_operator = in.next();
        out.add(of_operator.name(), of_operator);
    }
    out.begin_document("$setOnInsert");
    out.add(*text + ".x", std::int64_t{1});
    out.end();
    out.end();
    out.add("upsert", true);
    return out.finish();
}

/// Inserts the document; sent again it matches what it has inserted.
Document creating_statement(const Document& document) {
    BsonWriter out;
    out.begin_document("q");
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement member = in.next();
        if (member.name() == "_id") out.add("_id", member);
    }
    out.end();
    out.begin_document("u");
    out.begin_document("$setOnInsert");
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement member = in.next();
        if (member.name() != "_id") out.add(member.name(), member);
    }
    out.end();
    out.end();
    out.add("upsert", true);
    return out.finish();
}

}  // namespace

std::size_t end_of_command(const std::vector<const Document*>& documents, std::size_t from) {
    std::size_t bytes = documents[from]->bytes().size();
    std::size_t end = from + 1;
    while (end < documents.size() && end - from < kMostStatements) {
        bytes += documents[end]->bytes().size();
        if (bytes > kMaxDocumentBytes) break;
        ++end;
    }
    return end;
}

void check_sizes(const InsertDocuments& insert) {
    for (const Document& document : insert.documents) check_size(*insert.collection, document);
}

std::vector<Refusal> refusals_of(const Document& answer, std::size_t offset) {
    std::vector<Refusal> refusals;
    for_each_element(answer, "writeErrors", [&](const BsonElement& error) {
        refusals.push_back(read_refusal(error));
        refusals.back().position += offset;
    });
    return refusals;
}

std::vector<Refusal> insert_all(const Session& session, const Collection& collection,
                                const std::vector<const Document*>& documents, Deadline deadline,
                                const Sending* once) {
    std::vector<Refusal> refusals;
    for (std::size_t from = 0; from < documents.size();) {
        const std::size_t end = end_of_command(documents, from);
        BsonWriter command;
        command.add("insert", collection.name);
        command.add("ordered", false);
        add_time_limit(command, deadline);
        command.begin_array("documents");
        for (std::size_t i = from; i < end; ++i) command.add({}, *documents[i]);
        command.end();
        const Document answer = once == nullptr
                                    ? write_command(session, command.finish(), deadline)
                                    : write_once(session, command.finish(), deadline, *once);
        const auto refused = refusals_of(answer, from);
        refusals.insert(refusals.end(), refused.begin(), refused.end());
        from = end;
    }
    return refusals;
}

std::vector<Duplicate> duplicates_in(const Collection& collection,
                                     const std::vector<Refusal>& refusals, std::size_t from,
                                     std::size_t count, Deadline deadline) {
    std::vector<Duplicate> duplicates;
    for (const Refusal& refusal : refusals) {
        if (refusal.position < from || refusal.position >= from + count) continue;
        if (refusal.code != kDuplicateKey) translate_refusal(refusal.code, deadline);
        const bool is_id = refusal.keys.size() == 1 && refusal.keys.front().path == "_id";
        Duplicate duplicate{refusal.position - from, is_id ? "_id" : "an index of another program"};
        for (const Index& index : collection.indexes) {
            if (index.unique && index.keys == refusal.keys) duplicate.index = index.name;
        }
        duplicates.push_back(std::move(duplicate));
    }
    return duplicates;
}

Document statement_of(const CommitDocuments& commit) {
    check_sizes(commit.details);
    Document statement =
        commit.create ? creating_statement(*commit.create) : guarded_statement(commit.change);
    check_size(*commit.change.collection, statement);
    return statement;
}

}  // namespace rapport::mongo
