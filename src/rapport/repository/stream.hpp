#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/repository/page.hpp"
#include "rapport/store/store.hpp"

namespace rapport {

/// The place of a row in an order, for a cursor.
inline PagePosition position_of(const Document& row, const std::vector<SortKey>& keys,
                                bool backwards) {
    PagePosition position{{}, backwards};
    for (const SortKey& key : keys) position.values.push_back(scalar_at(row, key.path));
    return position;
}

/// A list of documents that is fetched piece by piece, each piece where the last one ended. Rows
/// that come or go meanwhile are seen or not; none that stays is lost or repeated.
class DocumentStream {
  public:
    DocumentStream(Store& store, const Collection& collection, FilterNode filter,
                   std::vector<SortKey> order, Deadline until)
        : store_(store),
          collection_(collection),
          filter_(std::move(filter)),
          order_(std::move(order)),
          until_(until) {}

    /// The next document, valid until the one after it is asked for; null at the end.
    Async<const Document*> next() {
        if (at_ == piece_.size() && !last_) co_await fetch();
        co_return at_ == piece_.size() ? nullptr : &piece_[at_++];
    }

  private:
    static constexpr std::int64_t kPiece = 1000;

    Async<void> fetch() {
        FindDocuments find{&collection_, filter_, order_, kPiece};
        if (rest_) find.filter = both(filter_, *rest_);
        piece_.clear();
        at_ = 0;
        const Deadline of_piece(std::min(Deadline().at(), until_.at()));
        piece_ = co_await store_.find(std::move(find), of_piece);
        last_ = std::cmp_less(piece_.size(), kPiece);
        if (!last_) end_piece();
    }

    /// Where the next piece begins. Rows at the end that are equal in the first key are left to it:
    /// then that is one range of an index, where a place among equals is a condition for every row.
    void end_piece() {
        const SortKey& key = order_.front();
        const Scalar end = scalar_at(piece_.back(), key.path);
        const auto differs = [&](const Document& row) { return scalar_at(row, key.path) != end; };
        const auto tied = std::find_if(piece_.rbegin(), piece_.rend(), differs).base();
        // Numbers are equal whatever their type, and what is no scalar looks like any other.
        const bool exact = std::holds_alternative<Timestamp>(end) ||
                           std::holds_alternative<std::string>(end) ||
                           std::holds_alternative<ObjectId>(end);
        if (exact && tied != piece_.begin()) {
            rest_ = start_of(key, end);
            piece_.erase(tied, piece_.end());
        } else {
            rest_ = after(order_, position_of(piece_.back(), order_, false).values);
        }
    }

    Store& store_;
    const Collection& collection_;
    FilterNode filter_;
    std::vector<SortKey> order_;
    Deadline until_;
    /// What the last piece left.
    std::optional<FilterNode> rest_{};
    std::vector<Document> piece_{};
    std::size_t at_ = 0;
    bool last_ = false;
};

/// The same, of entities:
///
///     auto leads = repository.stream(filter);
///     while (auto lead = co_await leads.next()) …
template <Described T>
class Stream {
  public:
    Stream(Store& store, const Collection& collection, FilterNode filter,
           std::vector<SortKey> order, Deadline until)
        : documents_(store, collection, std::move(filter), std::move(order), until) {}

    /// The next entity; absent at the end.
    Async<std::optional<T>> next() {
        const Document* document = co_await documents_.next();
        if (document == nullptr) co_return std::nullopt;
        co_return from_document<T>(*document);
    }

  private:
    DocumentStream documents_;
};

}  // namespace rapport
