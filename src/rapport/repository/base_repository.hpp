#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/core/update.hpp"
#include "rapport/repository/page.hpp"
#include "rapport/repository/stream.hpp"
#include "rapport/store/store.hpp"

namespace rapport {

template <class T>
struct FindOptions {
    std::int64_t limit = kDefaultLimit;  ///< 0: all
    std::int64_t skip = 0;
    Sort<T> sort{};
};

/// An entity that counts its stored changes, so that a stale copy cannot overwrite a newer one.
template <class T>
concept Versioned = requires(const T entity) {
    entity.version;
    entity.message_count_when_loaded();
};

/// What every repository can do: typed entities in and out of one collection. T has `id`,
/// `lead_id` (which never changes), `created_at` and `updated_at`. Leave `created_at` unset in a
/// new lead: by it alone LeadRepository::save() tells a stored one.
///
/// All methods take what they need by value before they first suspend, end by their deadline
/// (30 s unless given) and throw what Store says, InvalidArgument for an entity or a value that
/// cannot be stored, and InvalidDocument for a stored document that does not fit T.
template <Described T>
class BaseRepository {
  public:
    BaseRepository(Store& store, const Collection& collection)
        : store_(store), collection_(collection) {}
    virtual ~BaseRepository() = default;

    /// Stores a new entity and returns it as stored: with `id`, `created_at`, `updated_at` and, if
    /// it has one, version 1. Throws DuplicateKey when its key is taken.
    Async<T> create(T entity, Deadline deadline = {}) {
        std::vector<T> entities;
        entities.push_back(std::move(entity));
        co_return std::move((co_await bulk_create(std::move(entities), deadline)).front());
    }

    /// Stores new entities with one command and returns them as stored, in their order. Throws
    /// DuplicateKey that counts those whose key is taken; all the others are stored then.
    Async<std::vector<T>> bulk_create(std::vector<T> entities, Deadline deadline = {}) {
        const Timestamp at = now();
        for (T& entity : entities) {
            stamp_new(entity, at);
            normalize(entity);
            check(entity);
        }
        const auto duplicates = co_await insert(entities, deadline);
        if (!duplicates.empty()) {
            throw DuplicateKey(collection_.name + ": " + std::to_string(duplicates.size()) +
                               " of " + std::to_string(entities.size()) +
                               " not stored, another one holds the key (" +
                               duplicates.front().index + ")");
        }
        co_return entities;
    }

    /// Absent for any text that is no id, as for an id that nothing has.
    Async<std::optional<T>> find_by_id(std::string id, Deadline deadline = {}) {
        const auto parsed = ObjectId::parse(id);
        if (!parsed) co_return std::nullopt;
        co_return co_await find_one(where(&T::id) == *parsed, deadline);
    }

    /// Some entity that matches.
    Async<std::optional<T>> find_one(Filter<T> filter, Deadline deadline = {}) {
        auto found = co_await find_many(std::move(filter), {.limit = 1}, deadline);
        if (found.empty()) co_return std::nullopt;
        co_return std::move(found.front());
    }

    /// In the options' order. Without one the order is the engine's, but by id where everything
    /// matches.
    Async<std::vector<T>> find_many(Filter<T> filter = {}, FindOptions<T> options = {},
                                    Deadline deadline = {}) {
        check_limit(options.limit, 0);
        if (options.skip < 0) throw InvalidArgument("skip: must not be negative");
        FindDocuments find{&collection_, filter.node(), options.sort.keys(), options.limit,
                           options.skip};
        if (find.sort.empty() && matches_everything(find.filter)) find.sort = total_order({});
        co_return decode(co_await store_.find(std::move(find), deadline));
    }

    /// One page of what matches, in this order (ties are broken by id). An empty cursor asks for
    /// the first page. Throws InvalidArgument for a cursor of another list.
    Async<Page<T>> find_page(Filter<T> filter, Sort<T> sort, std::string cursor = {},
                             std::int64_t limit = kDefaultLimit, Deadline deadline = {}) {
        check_limit(limit, 1);
        const std::vector<SortKey> keys = total_order(sort);
        PagePosition from;
        if (!cursor.empty()) from = decode_cursor(cursor, keys);
        const std::vector<SortKey> direction = from.backwards ? reversed(keys) : keys;

        // One more than the page, to see whether there is another.
        const std::int64_t most = std::min(limit, std::numeric_limits<std::int64_t>::max() - 1) + 1;
        FindDocuments find{&collection_, filter.node(), direction, most};
        if (!cursor.empty()) find.filter = both(find.filter, after(direction, from.values));
        auto documents = co_await store_.find(std::move(find), deadline);

        const bool more = std::cmp_greater(documents.size(), limit);
        if (more) documents.pop_back();
        if (from.backwards) std::ranges::reverse(documents);
        Page<T> page;
        if (!documents.empty()) {
            if (more || from.backwards) page.next = cursor_at(documents.back(), keys, false);
            if (from.backwards ? more : !cursor.empty()) {
                page.previous = cursor_at(documents.front(), keys, true);
            }
        }
        page.items = decode(documents);
        co_return page;
    }

    /// Everything that matches, in this order, fetched piece by piece: memory stays bounded. The
    /// whole may take as long as it likes, unless `until` is given; each piece has 30 s.
    Stream<T> stream(const Filter<T>& filter, const Sort<T>& sort = {},
                     Deadline until = Deadline(Deadline::Clock::time_point::max())) {
        return {store_, collection_, filter.node(), total_order(sort), until};
    }

    /// Replaces the members of a stored entity (what other systems added to it stays) and returns
    /// it with its new version and `updated_at`. Throws VersionConflict when the copy is stale or
    /// its original is gone.
    Async<T> update(T entity, Deadline deadline = {}) {
        check(entity);
        Filter<T> guard = where(&T::id) == entity.id && where(&T::lead_id) == entity.lead_id;
        bool may_be_new = false;
        if constexpr (Versioned<T>) {
            guard = guard && version_guard(entity);
            may_be_new = entity.version == 0;
            ++entity.version;
        }
        entity.updated_at = now();
        CommitDocuments update{{&collection_, guard.node(), changes_of(entity)}};
        const Committed committed = co_await store_.commit(std::move(update), deadline);
        if (!committed.happened) {
            throw VersionConflict(collection_.name +
                                  ": changed or erased since it was loaded: load it again" +
                                  (may_be_new ? ", or leave created_at unset in what is new" : ""));
        }
        co_return entity;
    }

    /// Applies the changes to everything that matches and returns how many that were. Counts as a
    /// change of each: `updated_at` and, if T has one, the version move on.
    Async<std::int64_t> update_many(Filter<T> filter, Update<T> update, Deadline deadline = {}) {
        UpdateDocuments operation{&collection_, filter.node(), with_version(std::move(update)),
                                  true};
        co_return co_await store_.update(std::move(operation), deadline);
    }

    /// False when there is nothing with this id (or it is no id).
    Async<bool> delete_by_id(std::string id, Deadline deadline = {}) {
        const auto parsed = ObjectId::parse(id);
        if (!parsed) co_return false;
        RemoveDocuments remove{&collection_, (where(&T::id) == *parsed).node()};
        co_return co_await store_.remove(std::move(remove), deadline) > 0;
    }

    Async<std::int64_t> count(Filter<T> filter = {}, Deadline deadline = {}) {
        AggregateDocuments aggregate{&collection_, filter.node()};
        co_return (co_await store_.aggregate(std::move(aggregate), deadline)).front().count;
    }

  protected:
    /// Brings the key of a new entity into its one spelling. Throws InvalidArgument.
    virtual void normalize(T& entity) const = 0;
    /// Throws InvalidArgument for an entity that must not be stored.
    virtual void check(const T& entity) const = 0;
    /// What must be in order before these new entities are stored.
    virtual Async<void> prepare_insert(const std::vector<T>& entities, Deadline deadline) = 0;

    Store& store() const { return store_; }
    const Collection& collection() const { return collection_; }

    static std::vector<T> decode(const std::vector<Document>& documents) {
        std::vector<T> entities;
        entities.reserve(documents.size());
        for (const Document& document : documents) {
            entities.push_back(from_document<T>(document));
        }
        return entities;
    }

    static void check_limit(std::int64_t limit, std::int64_t least) {
        if (limit < least) {
            throw InvalidArgument("limit: must be at least " + std::to_string(least));
        }
    }

    static void stamp_new(T& entity, Timestamp at) {
        if (entity.id.empty()) entity.id = ObjectId::generate();
        if (entity.created_at == Timestamp{}) entity.created_at = at;
        if (entity.updated_at == Timestamp{}) entity.updated_at = at;
        if constexpr (Versioned<T>) entity.version = 1;
    }

    Async<std::vector<Duplicate>> insert(const std::vector<T>& entities, Deadline deadline) {
        InsertDocuments insert{&collection_, {}};
        for (const T& entity : entities) insert.documents.push_back(to_document(entity));
        if (insert.documents.empty()) co_return std::vector<Duplicate>{};
        co_await prepare_insert(entities, deadline);
        co_return co_await store_.insert(std::move(insert), deadline);
    }

    static std::vector<Change> with_version(Update<T> update) {
        if constexpr (Versioned<T>) update.increment(where(&T::version), 1);
        update.set(where(&T::updated_at), now());
        return update.changes();
    }

  private:
    /// An earlier system's entity has no version: its count of messages stands in for one.
    static Filter<T> version_guard(const T& entity)
        requires Versioned<T>
    {
        if (entity.version > 0) return where(&T::version) == entity.version;
        const std::int64_t loaded = entity.message_count_when_loaded();
        Filter<T> same_count = where(&T::message_count) == loaded;
        if (loaded == 0) same_count = same_count || where(&T::message_count) == std::nullopt;
        return where(&T::version) == std::nullopt && same_count;
    }

    static std::vector<SortKey> total_order(const Sort<T>& sort) {
        std::vector<SortKey> keys = sort.keys();
        if (keys.empty() || keys.back().path != wire_name("id")) {
            const bool descending = !keys.empty() && keys.back().descending;
            keys.push_back({std::string(wire_name("id")), descending});
        }
        return keys;
    }

    static std::string cursor_at(const Document& row, const std::vector<SortKey>& keys,
                                 bool backwards) {
        return encode_cursor(position_of(row, keys, backwards), keys);
    }

    /// Sets every member that the entity has and unsets every other, but the ones that never
    /// change.
    static std::vector<Change> changes_of(const T& entity) {
        const Document document = to_document(entity);
        std::vector<Change> changes;
        for_each_member<T>([&](std::string_view name, auto) {
            if (name != wire_name("id") && name != "lead_id") {
                changes.push_back({ChangeOp::kUnset, std::string(name)});
            }
        });
        for (BsonReader in(document); !in.at_end();) {
            const BsonElement element = in.next();
            const auto change = std::ranges::find(changes, element.name(), &Change::path);
            if (change == changes.end()) continue;
            BsonWriter operand;
            operand.add("v", element);
            change->op = ChangeOp::kSet;
            change->value = operand.finish();
        }
        return changes;
    }

    Store& store_;
    const Collection& collection_;
};

}  // namespace rapport
