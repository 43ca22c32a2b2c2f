#include "rapport/store/mongo/indexes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "rapport/core/scalar.hpp"
#include "rapport/store/mongo/query.hpp"
#include "rapport/store/mongo/statements.hpp"

namespace rapport::mongo {
namespace {

constexpr std::int64_t kNamespaceNotFound = 26;
constexpr std::int64_t kIndexNotFound = 27;
// Another process changed the same indexes meanwhile: look again.
constexpr std::array<std::int64_t, 6> kRaces{kIndexNotFound, 85, 86, 276, 117, 12587};

/// Raised to start over with a fresh look at the indexes.
struct ChangedMeanwhile {};

std::int64_t whole_number(const BsonElement& element) {
    if (element.type() == BsonType::kDouble) return static_cast<std::int64_t>(element.as_double());
    if (element.type() == BsonType::kBool) return element.as_bool() ? 1 : 0;
    const bool integer = element.type() == BsonType::kInt32 || element.type() == BsonType::kInt64;
    return integer ? element.as_integer() : 0;
}

Index read_index(const BsonElement& listed) {
    Index index{};
    bool sparse = false;
    for (BsonReader in(listed.as_nested()); !in.at_end();) {
        const BsonElement member = in.next();
        if (member.name() == "name") index.name = member.as_string();
        if (member.name() == "unique") index.unique = whole_number(member) != 0;
        if (member.name() == "sparse") sparse = whole_number(member) != 0;
        if (member.name() == "expireAfterSeconds") {
            index.expire_after = std::chrono::seconds(whole_number(member));
        }
        if (member.name() == "partialFilterExpression") {
            BsonReader filter(member.as_nested());
            if (!filter.at_end()) index.where_present = filter.next().name();
        }
        if (member.name() != "key") continue;
        for (BsonReader keys(member.as_nested()); !keys.at_end();) {
            const BsonElement key = keys.next();
            std::string path(key.name());
            // `hashed`, `text` and the like: no order of ours is one.
            if (key.type() == BsonType::kString) path += " " + std::string(key.as_string());
            index.keys.push_back({std::move(path), whole_number(key) < 0});
        }
    }
    if (sparse) index.where_present = index.keys.front().path;
    return index;
}

/// One collection's indexes.
class IndexSet {
  public:
    IndexSet(const Session& session, const Collection& collection, Deadline deadline)
        : session_(session), collection_(collection), deadline_(deadline) {
        BsonWriter list;
        list.add("listIndexes", collection.name);
        list.begin_document("cursor");
        list.add("batchSize", std::int64_t{1000});
        list.end();
        std::int64_t failure = 0;
        const Document answer = run_command(session, list.finish(), deadline, &failure);
        if (failure == kNamespaceNotFound) return;
        if (failure != 0) translate_server_code(failure, deadline);
        for (BsonReader in(answer); !in.at_end();) {
            const BsonElement member = in.next();
            if (member.name() != "cursor") continue;
            for_each_element(
                Document(std::string(member.as_nested())), "firstBatch",
                [this](const BsonElement& index) { existing_.push_back(read_index(index)); });
        }
    }

    void add_to(IndexPlan& plan) const {
        plan_indexes(plan, collection_, existing_, Index::Engine::kMongo);
    }

    /// What documents stand in the way of keeps nothing else from being put right.
    void ensure() const {
        IndexPlan plan;
        add_to(plan);
        std::exception_ptr refused;
        for (const IndexDifference& difference : plan.differences) {
            try {
                put_right(difference);
            } catch (const DuplicateKey&) {
                if (!refused) refused = std::current_exception();
            }
        }
        if (refused) std::rethrow_exception(refused);
    }

  private:
    void put_right(const IndexDifference& difference) const {
        switch (difference.kind) {
            case IndexDifference::Kind::kMissing:
                return create(*difference.wanted, difference.wanted->name);
            case IndexDifference::Kind::kDifferent:
                return rebuild(*difference.wanted, difference.found->name);
            case IndexDifference::Kind::kExpiry:
                return change_expiry(difference.found->name, *difference.wanted->expire_after);
            case IndexDifference::Kind::kLeftOver:
                return drop(difference.found->name);
        }
    }

    /// A name cannot stand for two indexes at once: one of the same use, with a key more, bridges
    /// the time between.
    void rebuild(const Index& index, const std::string& old) const {
        Index bridge = index;
        bridge.keys.push_back({"_bridge", false});
        bridge.unique = false;
        const std::string name = bridge_name(index);
        create(bridge, name);
        drop(old);
        create(index, index.name);
        drop(name);
    }

    void create(const Index& index, const std::string& name) const {
        BsonWriter command;
        command.add("createIndexes", collection_.name);
        command.begin_array("indexes");
        command.begin_document({});
        command.add("name", name);
        command.add("key", to_sort(index.keys));
        if (index.unique) command.add("unique", true);
        if (index.expire_after && index.keys.size() == 1) {
            command.add("expireAfterSeconds", std::int64_t{index.expire_after->count()});
        }
        if (!index.where_present.empty() && index.keys.size() == 1) {
            command.add("sparse", true);
        } else if (!index.where_present.empty()) {
            command.begin_document("partialFilterExpression");
            command.begin_document(index.where_present);
            command.add("$exists", true);
            command.end();
            command.end();
        }
        run(command, index.name);
    }

    void drop(const std::string& name) const {
        BsonWriter command;
        command.add("dropIndexes", collection_.name);
        command.add("index", name);
        run(command, name);
    }

    void change_expiry(const std::string& name, std::chrono::seconds expiry) const {
        BsonWriter command;
        command.add("collMod", collection_.name);
        command.begin_document("index");
        command.add("name", name);
        command.add("expireAfterSeconds", std::int64_t{expiry.count()});
        run(command, name);
    }

    void run(BsonWriter& command, const std::string& index) const {
        std::int64_t failure = 0;
        run_command(session_, command.finish(), deadline_, &failure);
        if (failure == 0) return;
        if (std::ranges::find(kRaces, failure) != kRaces.end()) throw ChangedMeanwhile();
        if (failure == kDuplicateKey) {
            throw DuplicateKey(fmt::format(
                "{}: stored documents break the unique index {}: remove the duplicates, then try "
                "again",
                collection_.name, index));
        }
        translate_server_code(failure, deadline_);
    }

    const Session& session_;
    const Collection& collection_;
    Deadline deadline_;
    std::vector<Index> existing_;
};

}  // namespace

IndexPlan plan_indexes(const Session& session, const std::vector<Collection>& collections,
                       Deadline deadline) {
    IndexPlan plan;
    for (const Collection& collection : collections) {
        IndexSet(session, collection, deadline).add_to(plan);
    }
    return plan;
}

void ensure_indexes(const Session& session, const std::vector<Collection>& collections,
                    Deadline deadline) {
    std::exception_ptr refused;
    for (const Collection& collection : collections) {
        while (!deadline.passed()) {
            try {
                IndexSet(session, collection, deadline).ensure();
                break;
            } catch (const ChangedMeanwhile&) {
                continue;  // look again
            } catch (const DuplicateKey&) {
                if (!refused) refused = std::current_exception();
                break;
            }
        }
    }
    if (refused) std::rethrow_exception(refused);
    if (deadline.passed()) throw Timeout("the indexes were not ready by the deadline");
}

}  // namespace rapport::mongo
