#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rapport/core/deadline.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/object_id.hpp"
#include "rapport/store/operation.hpp"

namespace rapport::mongo {

/// The driver's view of a document's bytes, without a copy. Valid as long as the document.
class BsonView {
  public:
    explicit BsonView(const Document& document);
    const bson_t* get() const { return &bson_; }

  private:
    bson_t bson_;
};

/// A copy of what the driver gives.
Document copy_document(const bson_t& bson);

/// A reply that the driver writes into, destroyed at the end.
class Reply {
  public:
    Reply() { bson_init(&bson_); }
    ~Reply() { bson_destroy(&bson_); }
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    bson_t* get() { return &bson_; }
    Document document() const { return copy_document(bson_); }

  private:
    bson_t bson_;
};

/// Throws the error that the driver's domain and code stand for. The driver's and the server's
/// texts are not shown: they may hold values and addresses with passwords.
[[noreturn]] void translate(const bson_error_t& error, Deadline deadline);

/// Throws Unavailable where the error says what keeps every server from being used: its TLS
/// certificate, DNS, its age.
void explain(const bson_error_t& error);

/// The same for a code of the server.
[[noreturn]] void translate_server_code(std::int64_t code, Deadline deadline);

/// The same for the code of one statement among many, which the server has looked at: unless what
/// stopped it passes, the statement itself is wrong.
[[noreturn]] void translate_refusal(std::int64_t code, Deadline deadline);

/// One client of the pool and the database its commands go to.
struct Session {
    mongoc_client_t* client;
    std::string database;
};

/// Runs a command that writes, with the client's write concern, and returns the server's reply.
/// Throws as translate() does, for an error of single statements not: the caller reads those.
Document write_command(const Session& session, const Document& command, Deadline deadline);

/// How write_once() sends.
struct Sending {
    /// Answered once the primary has it, whatever the client's write concern says.
    bool at_once = false;
    /// To this server alone, which writing_server() gave; absent: to whoever takes writes.
    std::optional<std::uint32_t> server{};
    /// By which primary, and in which of its terms, it has to be answered; see election_of().
    std::optional<ObjectId> election{};
};

/// The same, sent once: the driver does not repeat it. For writes that the caller makes safe to
/// repeat, which are cheaper for the server without the driver's own way. Throws Unavailable as
/// well for an answer of another election.
Document write_once(const Session& session, const Document& command, Deadline deadline,
                    const Sending& sending = {});

/// The driver's number of the server that takes writes.
std::uint32_t writing_server(const Session& session, Deadline deadline);

/// What the answer to a write says of the primary and its term: another term, another value. Absent
/// where there is no replica set, or a router before it.
std::optional<ObjectId> election_of(const Document& answer);

/// Runs a command that reads or administrates; `failure` gets the server's code instead of a throw
/// when it is not null.
Document run_command(const Session& session, const Document& command, Deadline deadline,
                     std::int64_t* failure = nullptr);

/// Calls f for every element of the array `name` of a document; nothing when it is not there.
void for_each_element(const Document& document, std::string_view name,
                      const std::function<void(const BsonElement&)>& f);

/// Adds `maxTimeMS`, what is left until the deadline, 24 days at most. Throws Timeout when that is
/// nothing.
void add_time_limit(BsonWriter& to, Deadline deadline);

}  // namespace rapport::mongo
