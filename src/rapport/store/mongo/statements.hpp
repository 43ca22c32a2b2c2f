#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rapport/store/mongo/driver.hpp"

namespace rapport::mongo {

inline constexpr std::int64_t kDuplicateKey = 11000;
/// What a guarded statement fails with when nothing matches: see statement_of().
inline constexpr std::int64_t kPathNotViable = 28;

/// A statement of a command that failed.
struct Refusal {
    std::size_t position;
    std::int64_t code;
    std::vector<SortKey> keys{};  ///< of the index, for a duplicate
};

/// What an answer says of statements that failed; their positions count from `offset`.
std::vector<Refusal> refusals_of(const Document& answer, std::size_t offset);

/// How many of these documents, from `from` on, fit into one command: where the next one starts.
std::size_t end_of_command(const std::vector<const Document*>& documents, std::size_t from);

/// Throws InvalidArgument for a document that is too large.
void check_sizes(const InsertDocuments& insert);

/// A commit as a statement of an `update` command. Throws InvalidArgument for one that is too large
/// or whose filter names no text.
Document statement_of(const CommitDocuments& commit);

/// Inserts documents, whoever asked for them, in as few commands as they fit into. The driver sends
/// them again where an answer is lost, unless it is said how to send them once.
std::vector<Refusal> insert_all(const Session& session, const Collection& collection,
                                const std::vector<const Document*>& documents, Deadline deadline,
                                const Sending* once = nullptr);

/// The duplicates among the documents [from, from + count). Throws for any other refusal.
std::vector<Duplicate> duplicates_in(const Collection& collection,
                                     const std::vector<Refusal>& refusals, std::size_t from,
                                     std::size_t count, Deadline deadline);

}  // namespace rapport::mongo
