#include "rapport/store/mongo/worker.hpp"

#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/store/mongo/indexes.hpp"
#include "rapport/store/mongo/inspection.hpp"
#include "rapport/store/mongo/query.hpp"

namespace rapport::mongo {
namespace {

struct DestroyCursor {
    void operator()(mongoc_cursor_t* cursor) const { mongoc_cursor_destroy(cursor); }
};
using Cursor = std::unique_ptr<mongoc_cursor_t, DestroyCursor>;

struct DestroyCollection {
    void operator()(mongoc_collection_t* collection) const {
        mongoc_collection_destroy(collection);
    }
};
using CollectionHandle = std::unique_ptr<mongoc_collection_t, DestroyCollection>;

CollectionHandle handle(const Session& session, const Collection& collection) {
    return CollectionHandle(mongoc_client_get_collection(session.client, session.database.c_str(),
                                                         collection.name.c_str()));
}

std::vector<Document> read_all(mongoc_cursor_t* cursor, Deadline deadline) {
    std::vector<Document> documents;
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor, &document)) documents.push_back(copy_document(*document));
    bson_error_t error{};
    if (mongoc_cursor_error(cursor, &error)) translate(error, deadline);
    return documents;
}

/// The server goes on in floating point where a sum leaves 64 bits.
std::int64_t to_whole(double sum) {
    if (!(sum > -0x1p63 && sum < 0x1p63)) throw InvalidDocument("a sum beyond 64 bits");
    return static_cast<std::int64_t>(sum);
}

}  // namespace

MongoWorker::MongoWorker(Pool pool, std::string database,
                         const std::vector<Collection>& collections)
    : pool_(std::move(pool)),
      session_{mongoc_client_pool_pop(pool_.get()), std::move(database)},
      collections_(collections) {}

MongoWorker::~MongoWorker() { mongoc_client_pool_push(pool_.get(), session_.client); }

Result MongoWorker::run(const Operation& operation, Deadline deadline) {
    return std::visit([&](const auto& one) { return run(one, deadline); }, operation);
}

std::vector<Document> MongoWorker::find_all(const Collection& collection, const Document& filter,
                                            const Document& options, Deadline deadline) {
    const auto from = handle(session_, collection);
    const Cursor cursor(mongoc_collection_find_with_opts(from.get(), BsonView(filter).get(),
                                                         BsonView(options).get(), nullptr));
    return read_all(cursor.get(), deadline);
}

std::vector<Document> MongoWorker::aggregate_all(const Collection& collection,
                                                 const Document& pipeline, const Document& options,
                                                 Deadline deadline) {
    const auto from = handle(session_, collection);
    const Cursor cursor(mongoc_collection_aggregate(
        from.get(), MONGOC_QUERY_NONE, BsonView(pipeline).get(), BsonView(options).get(), nullptr));
    return read_all(cursor.get(), deadline);
}

Result MongoWorker::run(const FindDocuments& find, Deadline deadline) {
    BsonWriter options;
    if (!find.sort.empty()) options.add("sort", to_sort(find.sort));
    if (find.limit > 0) {
        options.add("limit", find.limit);
        // All in one answer, where the server would send 101 first.
        options.add("batchSize", find.limit);
    }
    if (find.skip > 0) options.add("skip", find.skip);
    add_time_limit(options, deadline);
    return find_all(*find.collection,
                    find.sort.empty() ? to_filter(find.filter) : to_ordered_filter(find.filter),
                    options.finish(), deadline);
}

Result MongoWorker::run(const UpdateDocuments& update, Deadline deadline) {
    BsonWriter command;
    command.add("update", update.collection->name);
    add_time_limit(command, deadline);
    command.begin_array("updates");
    command.begin_document({});
    command.add("q", to_filter(update.filter));
    command.add("u", to_update(update.changes));
    command.add("multi", update.many);
    return changed(command, deadline);
}

Result MongoWorker::run(const RemoveDocuments& remove, Deadline deadline) {
    BsonWriter command;
    command.add("delete", remove.collection->name);
    add_time_limit(command, deadline);
    command.begin_array("deletes");
    command.begin_document({});
    command.add("q", to_filter(remove.filter));
    command.add("limit", std::int64_t{0});
    return changed(command, deadline);
}

Result MongoWorker::changed(BsonWriter& command, Deadline deadline) {
    const Document answer = write_command(session_, command.finish(), deadline);
    for_each_element(answer, "writeErrors", [&](const BsonElement& error) {
        const Document of_statement{std::string(error.as_nested())};
        const Scalar code = scalar_at(of_statement, "code");
        translate_server_code(std::get<std::int64_t>(code), deadline);
    });
    return std::get<std::int64_t>(scalar_at(answer, "n"));
}

Result MongoWorker::run(const AggregateDocuments& aggregate, Deadline deadline) {
    BsonWriter options;
    add_time_limit(options, deadline);
    const auto* all = std::get_if<AllOf>(&aggregate.filter);
    if (all != nullptr && all->parts.empty() && aggregate.sum.empty()) {
        // Counting everything: walk an index, not the documents.
        options.begin_document("hint");
        options.add("_id", std::int64_t{1});
        options.end();
    }
    std::vector<Group> groups;
    for (const Document& document :
         aggregate_all(*aggregate.collection, to_pipeline(aggregate), options.finish(), deadline)) {
        Group group{scalar_at(document, "_id")};
        group.count = std::get<std::int64_t>(scalar_at(document, "count"));
        const Scalar sum = scalar_at(document, "sum");
        if (const auto* whole = std::get_if<std::int64_t>(&sum)) group.sum = *whole;
        if (const auto* real = std::get_if<double>(&sum)) group.sum = to_whole(*real);
        groups.push_back(std::move(group));
    }
    if (groups.empty() && aggregate.group_by.empty()) groups.emplace_back();
    return groups;
}

Result MongoWorker::run(const EnsureIndexes&, Deadline deadline) {
    ensure_indexes(session_, collections_, deadline);
    return {};
}

/// The server's files are its own; what it removed, no query finds.
Result MongoWorker::run(const ForgetRemoved&, Deadline) { return std::int64_t{1}; }

Result MongoWorker::run(const PlanIndexes&, Deadline deadline) {
    return plan_indexes(session_, collections_, deadline);
}

Result MongoWorker::run(const Ping&, Deadline deadline) { return server_info(session_, deadline); }

Result MongoWorker::run(const InspectServer&, Deadline deadline) {
    return inspect_server(session_, deadline);
}

Result MongoWorker::run(const UseNativeHandle& native, Deadline) {
    native.use(session_.client);
    return {};
}

}  // namespace rapport::mongo
