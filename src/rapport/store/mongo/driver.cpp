#include "rapport/store/mongo/driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "rapport/core/scalar.hpp"

namespace rapport::mongo {
namespace {

// https://github.com/mongodb/mongo/blob/r6.0.5/src/mongo/base/error_codes.yml
constexpr std::int64_t kUnauthorized = 13;
constexpr std::int64_t kAuthenticationFailed = 18;
constexpr std::int64_t kMaxTimeExpired = 50;
constexpr std::int64_t kWriteConcernFailed = 64;
constexpr std::int64_t kExceededTimeLimit = 262;
constexpr std::int64_t kObjectTooLarge = 10334;
constexpr std::array<std::int64_t, 3> kDuplicateKeys{11000, 11001, 12582};
/// Bad value, type mismatch, conflicting operators, immutable field.
constexpr std::array<std::int64_t, 4> kRefusedChanges{2, 14, 40, 66};
// The server is going away, or another one has become primary.
constexpr std::array<std::int64_t, 11> kNotServing{6,     7,     89,    91,    189,  9001,
                                                   10107, 11600, 11602, 13435, 13436};

/// Time limits, write conflicts, locks, snapshots: gone when it is tried again.
constexpr std::array<std::int64_t, 6> kPassing{24,  kMaxTimeExpired,   kWriteConcernFailed, 112,
                                               246, kExceededTimeLimit};

template <std::size_t N>
bool contains(const std::array<std::int64_t, N>& codes, std::int64_t code) {
    return std::ranges::find(codes, code) != codes.end();
}

/// Why no server could be chosen, where the driver says it: in its text alone.
struct Obstacle {
    std::string_view text;
    std::string_view found;
    std::string_view what_to_do;
};
// The numbers are OpenSSL's X509_V_ERR_….
constexpr std::array kObstacles{
    Obstacle{"certificate verify failed (9)", "MongoDB's TLS certificate is not valid yet",
             "check this machine's clock and the server's"},
    Obstacle{"certificate verify failed (10)", "MongoDB's TLS certificate has expired",
             "renew it on the server"},
    Obstacle{"certificate verify failed (62)", "MongoDB's TLS certificate is another host's",
             "name the server in MONGODB_URI or --db as its certificate does"},
    Obstacle{"certificate verify failed (64)", "MongoDB's TLS certificate is another host's",
             "name the server in MONGODB_URI or --db as its certificate does"},
    Obstacle{"certificate verify failed", "MongoDB's TLS certificate is of nobody trusted here",
             "name the file of who signed it with tlsCAFile= in MONGODB_URI or --db"},
    Obstacle{"Failed to resolve", "MongoDB's host has no address in DNS",
             "check the name in MONGODB_URI or --db"},
    Obstacle{"Failed to look up SRV", "mongodb+srv: the name has no SRV record in DNS",
             "check the name in MONGODB_URI or --db, or name the hosts with mongodb://"},
    Obstacle{"reports wire version", "MongoDB is too old", "6.0 or later is needed"},
};

[[noreturn]] void unreachable(Deadline deadline) {
    if (deadline.passed()) {
        throw Timeout(
            "MongoDB did not answer by the deadline; a write may or may not have happened");
    }
    throw Unavailable("no MongoDB server answers",
                      "check that it runs, that MONGODB_URI or --db names it, and TLS");
}

[[noreturn]] void not_trusted() {
    throw Unavailable("MongoDB refused the credentials",
                      "check user, password and authSource in MONGODB_URI or --db");
}

}  // namespace

BsonView::BsonView(const Document& document) {
    const std::string_view bytes = document.bytes();
    bson_init_static(&bson_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

Document copy_document(const bson_t& bson) {
    return Document(std::string(reinterpret_cast<const char*>(bson_get_data(&bson)), bson.len));
}

void translate_server_code(std::int64_t code, Deadline deadline) {
    if (contains(kDuplicateKeys, code)) throw DuplicateKey("another document holds this key");
    if (code == kMaxTimeExpired || code == kExceededTimeLimit) {
        throw Timeout("MongoDB stopped the operation at its deadline");
    }
    if (code == kWriteConcernFailed) {
        throw Timeout(
            "MongoDB could not confirm the write on a majority in time; it may or may "
            "not last: read before you repeat it");
    }
    if (contains(kNotServing, code)) unreachable(deadline);
    if (code == kAuthenticationFailed) not_trusted();
    if (code == kUnauthorized) {
        throw Unavailable("MongoDB does not allow this user the operation",
                          "grant readWrite and dbAdmin on the database");
    }
    if (contains(kRefusedChanges, code)) {
        throw InvalidArgument(
            "an update that overlaps, changes an _id, or does not fit the stored value");
    }
    if (code == kObjectTooLarge) throw InvalidArgument("the document is too large for MongoDB");
    throw Unavailable(fmt::format("MongoDB refused the operation (code {})", code));
}

void translate_refusal(std::int64_t code, Deadline deadline) {
    const bool known = contains(kDuplicateKeys, code) || contains(kRefusedChanges, code) ||
                       contains(kNotServing, code) || contains(kPassing, code) ||
                       code == kUnauthorized || code == kObjectTooLarge;
    if (known) translate_server_code(code, deadline);
    throw InvalidArgument(
        fmt::format("MongoDB refused the document (code {}): see its collection's rules", code));
}

void explain(const bson_error_t& error) {
    const std::string_view text(error.message);
    for (const Obstacle& obstacle : kObstacles) {
        if (text.find(obstacle.text) == std::string_view::npos) continue;
        throw Unavailable(std::string(obstacle.found), std::string(obstacle.what_to_do));
    }
}

void translate(const bson_error_t& error, Deadline deadline) {
    switch (error.domain) {
        case MONGOC_ERROR_SERVER_SELECTION:
            explain(error);
            if (error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) not_trusted();
            unreachable(deadline);
        case MONGOC_ERROR_PROTOCOL:
            explain(error);
            unreachable(deadline);
        case MONGOC_ERROR_STREAM:
            unreachable(deadline);
        case MONGOC_ERROR_CLIENT:
            if (error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) not_trusted();
            unreachable(deadline);
        case MONGOC_ERROR_WRITE_CONCERN:
        case MONGOC_ERROR_WRITE_CONCERN_ERROR:
            translate_server_code(kWriteConcernFailed, deadline);
        case MONGOC_ERROR_BSON:
            throw InvalidArgument("the document is not one that MongoDB can store");
        default:
            translate_server_code(error.code, deadline);
    }
}

void add_time_limit(BsonWriter& to, Deadline deadline) {
    const std::int64_t left = deadline.left().count();
    if (left == 0) throw Timeout("the deadline passed before the operation began");
    // The server refuses what is no int32, and with it all that shares the command.
    constexpr std::int64_t kLongest = std::numeric_limits<std::int32_t>::max();
    to.add("maxTimeMS", std::min(left, kLongest));
}

Document write_command(const Session& session, const Document& command, Deadline deadline) {
    Reply reply;
    bson_error_t error{};
    const BsonView view(command);
    if (!mongoc_client_write_command_with_opts(session.client, session.database.c_str(), view.get(),
                                               nullptr, reply.get(), &error)) {
        // Errors of single statements come with an answer that is otherwise fine.
        if (!bson_has_field(reply.get(), "writeErrors")) translate(error, deadline);
    }
    Document answer = reply.document();
    if (bson_has_field(reply.get(), "writeConcernError")) {
        translate_server_code(kWriteConcernFailed, deadline);
    }
    return answer;
}

Document write_once(const Session& session, const Document& command, Deadline deadline,
                    const Sending& sending) {
    BsonWriter to;
    if (sending.at_once) {
        to.begin_document("writeConcern");
        to.add("w", std::int64_t{1});
        to.end();
    }
    if (sending.server) to.add("serverId", static_cast<std::int64_t>(*sending.server));
    const Document own = to.finish();
    Reply options;
    bson_concat(options.get(), BsonView(own).get());
    if (!sending.at_once) {
        const auto* concern = mongoc_client_get_write_concern(session.client);
        mongoc_write_concern_append(const_cast<mongoc_write_concern_t*>(concern), options.get());
    }
    Reply reply;
    bson_error_t error{};
    const BsonView view(command);
    if (!mongoc_client_command_with_opts(session.client, session.database.c_str(), view.get(),
                                         nullptr, options.get(), reply.get(), &error)) {
        translate(error, deadline);
    }
    if (bson_has_field(reply.get(), "writeConcernError")) {
        translate_server_code(kWriteConcernFailed, deadline);
    }
    Document answer = reply.document();
    if (sending.election && election_of(answer) != sending.election) unreachable(deadline);
    return answer;
}

std::uint32_t writing_server(const Session& session, Deadline deadline) {
    bson_error_t error{};
    const std::unique_ptr<mongoc_server_description_t, decltype(&mongoc_server_description_destroy)>
        server(mongoc_client_select_server(session.client, true, nullptr, &error),
               mongoc_server_description_destroy);
    if (!server) translate(error, deadline);
    return mongoc_server_description_id(server.get());
}

std::optional<ObjectId> election_of(const Document& answer) {
    const Scalar election = scalar_at(answer, "electionId");
    const auto* id = std::get_if<ObjectId>(&election);
    return id == nullptr ? std::nullopt : std::optional(*id);
}

Document run_command(const Session& session, const Document& command, Deadline deadline,
                     std::int64_t* failure) {
    Reply reply;
    bson_error_t error{};
    const BsonView view(command);
    if (!mongoc_client_command_simple(session.client, session.database.c_str(), view.get(), nullptr,
                                      reply.get(), &error)) {
        if (failure == nullptr || error.domain != MONGOC_ERROR_SERVER) translate(error, deadline);
        *failure = error.code;
    }
    return reply.document();
}

void for_each_element(const Document& document, std::string_view name,
                      const std::function<void(const BsonElement&)>& f) {
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.name() != name || element.type() != BsonType::kArray) continue;
        for (BsonReader items(element.as_nested()); !items.at_end();) f(items.next());
    }
}

}  // namespace rapport::mongo
