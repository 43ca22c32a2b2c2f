#include "rapport/repository/content.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "rapport/core/codec.hpp"
#include "rapport/domain/lead.hpp"
#include "rapport/domain/message.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/signal_page.hpp"
#include "rapport/repository/snapshot.hpp"

namespace rapport {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest sha256(std::string_view bytes) {
    Digest digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return digest;
}

/// The names of what is there.
std::vector<std::string_view> present(const Document& document) {
    std::vector<std::string_view> names;
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.type() != BsonType::kNull) names.push_back(element.name());
    }
    return names;
}

template <Described T>
std::optional<Document> as_declared(const Document& document) {
    try {
        const Document whole = to_document(from_document<T>(document));
        const auto names = present(document);
        BsonWriter out;
        for (BsonReader in(whole); !in.at_end();) {
            const BsonElement member = in.next();
            // A default is not content: what an earlier system left out stays out.
            if (std::ranges::find(names, member.name()) != names.end()) {
                out.add(member.name(), member);
            }
        }
        return out.finish();
    } catch (const InvalidDocument&) {
        return std::nullopt;
    } catch (const InvalidArgument&) {
        return std::nullopt;  // not UTF-8, a date out of range
    }
}

/// A value as the column's type has it: earlier systems stored dates and ids as text.
void add_typed(BsonWriter& out, const Column& column, const BsonElement& member) {
    if (member.type() == BsonType::kString && column.type == ColumnType::kDate) {
        if (const auto date = parse_iso8601(member.as_string())) {
            return out.add(column.name, *date);
        }
    }
    if (member.type() == BsonType::kString && column.type == ColumnType::kId) {
        if (const auto id = ObjectId::parse(member.as_string())) return out.add(column.name, *id);
    }
    out.add(column.name, member);
}

Document by_columns(const Collection& collection, const Document& document) {
    BsonWriter out;
    for (const Column& column : collection.columns) {
        for (BsonReader in(document); !in.at_end();) {
            const BsonElement member = in.next();
            if (member.name() != column.name || member.type() == BsonType::kNull) continue;
            add_typed(out, column, member);
            break;
        }
    }
    return out.finish();
}

}  // namespace

const std::vector<Collection>& known_collections() {
    static const std::vector<Collection> all = all_collections(std::nullopt);
    return all;
}

const Collection* find_collection(std::string_view name) {
    const auto found = std::ranges::find(known_collections(), name, &Collection::name);
    return found == known_collections().end() ? nullptr : &*found;
}

std::optional<Document> known_form(const Collection& collection, const Document& document) {
    if (collection.name == lead_collection().name) return as_declared<Lead>(document);
    if (collection.name == message_collection().name) return as_declared<Message>(document);
    if (collection.name == signal_collection().name) return as_declared<SignalPage>(document);
    return by_columns(collection, document);
}

Document portable_form(const Collection& collection, const Document& document) {
    auto known = known_form(collection, document);
    if (!known) return document;
    if (!has_foreign_members(collection, document)) return std::move(*known);
    BsonWriter out;
    for (BsonReader in(*known); !in.at_end();) {
        const BsonElement member = in.next();
        out.add(member.name(), member);
    }
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement member = in.next();
        if (collection.find_column(member.name()) == nullptr) out.add(member.name(), member);
    }
    return out.finish();
}

bool has_foreign_members(const Collection& collection, const Document& document) {
    for (BsonReader in(document); !in.at_end();) {
        if (collection.find_column(in.next().name()) == nullptr) return true;
    }
    return false;
}

std::vector<Change> changes_to(const Collection& collection, const Document& document,
                               std::initializer_list<std::string_view> but_for) {
    std::vector<Change> changes;
    for (const Column& column : collection.columns) {
        if (std::ranges::find(but_for, column.name) != but_for.end()) continue;
        Change change{ChangeOp::kUnset, column.name};
        for (BsonReader in(document); !in.at_end();) {
            const BsonElement member = in.next();
            if (member.name() != column.name) continue;
            BsonWriter operand;
            operand.add("v", member);
            change.op = ChangeOp::kSet;
            change.value = operand.finish();
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

void ContentSum::add(const Document& known) {
    const Digest digest = sha256(known.bytes());
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        std::uint64_t lane = 0;
        std::memcpy(&lane, digest.data() + i * sizeof lane, sizeof lane);
        lanes_[i] += lane;
    }
    ++count_;
}

void ContentSum::add(const ContentSum& other) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) lanes_[i] += other.lanes_[i];
    count_ += other.count_;
}

std::string ContentSum::digits() const {
    std::string digits;
    for (const std::uint64_t lane : lanes_) digits += fmt::format("{:016x}", lane);
    return digits;
}

ContentSum& Content::of(const Collection& collection) {
    if (collection.name == lead_collection().name) return leads;
    return collection.name == signal_collection().name ? signals : messages;
}

void Content::add(const Content& other) {
    leads.add(other.leads);
    signals.add(other.signals);
    messages.add(other.messages);
}

std::string Content::hash() const {
    std::string all = fmt::format("{} {} {} {}", leads.count(), leads.digits(), messages.count(),
                                  messages.digits());
    // As a backup has it that was made when leads kept all of theirs.
    if (signals.count() > 0) all += fmt::format(" {} {}", signals.count(), signals.digits());
    std::string digits;
    for (const unsigned char byte : sha256(all)) digits += fmt::format("{:02x}", byte);
    return digits;
}

Async<Content> content_of(Store& store) {
    ContentCount count;
    Snapshot snapshot(store);
    while (const auto record = co_await snapshot.next()) count.add(*record);
    co_return count.content();
}

}  // namespace rapport
