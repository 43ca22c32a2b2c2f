#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/store/store.hpp"

namespace rapport {

/// Every collection that a database of ours has, without an expiry.
const std::vector<Collection>& known_collections();

/// The one of this name; null where there is none.
const Collection* find_collection(std::string_view name);

/// The members that we know, in the order and with the types in which they are declared, whatever
/// engine or earlier system stored the document: equal content gives equal bytes. What is absent or
/// null stays absent. Nothing where a member does not fit its type.
std::optional<Document> known_form(const Collection& collection, const Document& document);

/// known_form() with the members that other systems added behind it; a document that does not fit,
/// as it stands.
Document portable_form(const Collection& collection, const Document& document);

/// True where it has members that we do not know.
bool has_foreign_members(const Collection& collection, const Document& document);

/// Gives a stored document the columns that this one has, and takes the others away, but for these.
std::vector<Change> changes_to(const Collection& collection, const Document& document,
                               std::initializer_list<std::string_view> but_for);

/// How many documents there are, and what they hold, in whatever order they come: their SHA-256
/// added up.
class ContentSum {
  public:
    void add(const Document& known);
    void add(const ContentSum& other);

    std::int64_t count() const { return count_; }
    /// 64 hexadecimal digits.
    std::string digits() const;
    bool operator==(const ContentSum&) const = default;

  private:
    std::int64_t count_ = 0;
    std::array<std::uint64_t, 4> lanes_{};
};

/// What a database holds of leads, the signals that they have no room for, and messages.
struct Content {
    ContentSum leads{};
    ContentSum signals{};
    ContentSum messages{};

    /// The one of these that is a collection's.
    ContentSum& of(const Collection& collection);
    void add(const Content& other);

    /// 64 hexadecimal digits, equal for equal content on any engine.
    std::string hash() const;
    bool operator==(const Content&) const = default;
};

/// What this database holds, each lead with its messages as of one version.
Async<Content> content_of(Store& store);

}  // namespace rapport
