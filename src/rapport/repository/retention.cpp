// Messages at the end of their retention: a file of them first, then they leave the database.
#include "rapport/repository/retention.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rapport/core/fault_point.hpp"
#include "rapport/core/json.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/stream.hpp"

namespace rapport {
namespace {

constexpr std::size_t kMessagesAFile = 10'000;
constexpr std::size_t kBytesAFile = std::size_t{32} * 1024 * 1024;
constexpr std::size_t kRemovedAtOnce = 1000;
constexpr std::int64_t kTold = 10'000;

/// What one file takes.
struct Batch {
    std::vector<ObjectId> ids{};
    std::vector<std::string> lines{};
    std::size_t bytes = 0;
    /// When the first one was stored.
    Timestamp oldest{};

    bool is_full() const { return ids.size() >= kMessagesAFile || bytes >= kBytesAFile; }
};

class Retaining {
  public:
    Retaining(Store& store, const MessageArchive& archive, Timestamp before,
              std::function<void(std::int64_t)> progress)
        : store_(store),
          archive_(archive),
          due_(store, message_collection(), stored_before(before).node(), by_storing().keys(),
               Deadline(Deadline::Clock::time_point::max())),
          progress_(std::move(progress)) {}

    Async<Retained> run() {
        archive_.remove_unfinished();
        earlier_ = archive_.files();
        find_newest();
        next_ = co_await due_.next();
        while (next_ != nullptr) {
            Batch batch = co_await next_batch();
            if (batch.ids.empty()) continue;
            // Most often all are newer than whatever is there.
            if (newest_ && batch.oldest <= *newest_) co_await remove_archived(batch);
            if (!batch.ids.empty()) co_await move(batch);
        }
        co_return done_;
    }

  private:
    void find_newest() {
        ArchiveReader all(earlier_);
        std::int64_t read = 0;
        while (const auto message = all.next()) {
            newest_ = std::max(newest_.value_or(message->created_at), message->created_at);
            if (++read % kTold == 0) tell(0);
        }
    }

    Async<Batch> next_batch() {
        Batch batch;
        std::size_t seen = 0;
        while (next_ != nullptr && !batch.is_full()) {
            if (!take(*next_, batch)) ++done_.skipped;
            if (++seen % kRemovedAtOnce == 0) tell(0);
            next_ = co_await due_.next();
        }
        co_return batch;
    }

    /// False for what the archive cannot hold.
    static bool take(const Document& message, Batch& batch) {
        const Scalar id = scalar_at(message, "_id");
        const Scalar created_at = scalar_at(message, "created_at");
        if (!std::holds_alternative<ObjectId>(id)) return false;
        if (!std::holds_alternative<Timestamp>(created_at)) return false;
        if (batch.ids.empty()) batch.oldest = std::get<Timestamp>(created_at);
        batch.ids.push_back(std::get<ObjectId>(id));
        batch.lines.push_back(to_json(message));
        batch.bytes += batch.lines.back().size();
        return true;
    }

    /// Removes those that the archive has: a run was killed before it could, or they have come back
    /// since, from a backup.
    Async<void> remove_archived(Batch& batch) {
        const std::set<ObjectId> ids(batch.ids.begin(), batch.ids.end());
        std::set<ObjectId> archived;
        ArchiveReader all(earlier_);
        std::int64_t read = 0;
        while (const auto message = all.next()) {
            if (ids.contains(message->id)) archived.insert(message->id);
            if (++read % kTold == 0) tell(0);
        }
        Batch others;
        for (std::size_t i = 0; i < batch.ids.size(); ++i) {
            if (archived.contains(batch.ids[i])) continue;
            others.ids.push_back(batch.ids[i]);
            others.lines.push_back(std::move(batch.lines[i]));
        }
        batch = std::move(others);
        const std::vector<ObjectId> gone(archived.begin(), archived.end());
        done_.finished += co_await remove(gone);
    }

    Async<void> move(const Batch& batch) {
        ArchiveWriter file(archive_.next_file());
        for (const std::string& line : batch.lines) file.add(line);
        fault_point("retain.written");
        file.finish();
        fault_point("retain.archived");
        done_.archived += co_await remove(batch.ids);
        ++done_.files;
    }

    Async<std::int64_t> remove(std::span<const ObjectId> ids) {
        std::int64_t removed = 0;
        while (!ids.empty()) {
            const auto some = ids.first(std::min(ids.size(), kRemovedAtOnce));
            ids = ids.subspan(some.size());
            const Filter<Message> same = where(&Message::id).in({some.begin(), some.end()});
            const std::int64_t left = co_await store_.remove({&message_collection(), same.node()});
            removed += left;
            fault_point("retain.removed");
            tell(left);
        }
        co_return removed;
    }

    void tell(std::int64_t left) const {
        if (progress_) progress_(left);
    }

    Store& store_;
    const MessageArchive& archive_;
    DocumentStream due_;
    const Document* next_ = nullptr;
    /// What was there before this run: it writes nothing twice by itself.
    std::vector<std::filesystem::path> earlier_{};
    std::optional<Timestamp> newest_{};
    std::function<void(std::int64_t)> progress_;
    Retained done_{};
};

}  // namespace

Async<std::int64_t> count_due(Store& store, Timestamp before) {
    AggregateDocuments count{&message_collection(), stored_before(before).node()};
    co_return (co_await store.aggregate(std::move(count))).front().count;
}

Async<Retained> archive_due(Store& store, const MessageArchive& archive, Timestamp before,
                            std::function<void(std::int64_t)> progress) {
    const ArchiveLock lock = archive.lock_now();
    Retaining retaining(store, archive, before, std::move(progress));
    co_return co_await retaining.run();
}

}  // namespace rapport
