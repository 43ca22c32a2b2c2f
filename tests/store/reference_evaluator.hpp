#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/core/bson.hpp"
#include "rapport/core/filter.hpp"
#include "rapport/core/sort.hpp"
#include "rapport/core/update.hpp"

/// What filters, orders and changes mean, spelled out over documents in the plainest way: the
/// stores must agree with this. Members have one type each, as those of described structs do.
namespace rapport::testing {

/// A document's values by dotted path. A nested document or array can only be there or not: it has
/// the value true.
using Values = std::map<std::string, Scalar, std::less<>>;

inline void add_values(Values& to, const std::string& prefix, std::string_view bytes) {
    for (BsonReader in(bytes); !in.at_end();) {
        const BsonElement element = in.next();
        const std::string path = prefix + std::string(element.name());
        if (element.type() == BsonType::kDocument || element.type() == BsonType::kArray) {
            to[path] = true;
            if (element.type() == BsonType::kDocument) {
                add_values(to, path + ".", element.as_nested());
            }
        } else {
            to[path] = scalar_of(element);
        }
    }
}

inline Values values_of(const Document& document) {
    Values values;
    add_values(values, "", document.bytes());
    return values;
}

inline const Scalar& value_at(const Values& values, std::string_view path) {
    static const Scalar absent;
    const auto found = values.find(path);
    return found == values.end() ? absent : found->second;
}

bool matches(const Values& values, const FilterNode& filter);

struct Matcher {
    const Values& values;

    bool operator()(const AllOf& all) const {
        return std::ranges::all_of(all.parts, [&](const auto& p) { return matches(values, p); });
    }
    bool operator()(const AnyOf& any) const {
        return std::ranges::any_of(any.parts, [&](const auto& p) { return matches(values, p); });
    }
    bool operator()(const Negation& negation) const {
        return !matches(values, negation.part.front());
    }
    bool operator()(const OneOf& one_of) const {
        return std::ranges::find(one_of.values, value_at(values, one_of.path)) !=
               one_of.values.end();
    }
    bool operator()(const Compare& compare) const {
        const Scalar& value = value_at(values, compare.path);
        const bool ordered = value.index() != 0 && value.index() == compare.value.index();
        switch (compare.op) {
            case CompareOp::kEqual:
                return value == compare.value;
            case CompareOp::kNotEqual:
                return value != compare.value;
            case CompareOp::kLess:
                return ordered && value < compare.value;
            case CompareOp::kLessEqual:
                return ordered && value <= compare.value;
            case CompareOp::kGreater:
                return ordered && value > compare.value;
            case CompareOp::kGreaterEqual:
                return ordered && value >= compare.value;
        }
        return false;
    }
};

inline bool matches(const Values& values, const FilterNode& filter) {
    return std::visit(Matcher{values}, filter.base());
}

/// A document's values of an order's keys: its place in it.
using Place = std::vector<Scalar>;

inline Place place_of(const Values& values, const std::vector<SortKey>& order) {
    Place place;
    for (const SortKey& key : order) place.push_back(value_at(values, key.path));
    return place;
}

/// Strictly before in the order: absent, which is the variant's first alternative, is before
/// everything.
inline bool less(const Place& a, const Place& b, const std::vector<SortKey>& order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (a[i] != b[i]) return (a[i] < b[i]) != order[i].descending;
    }
    return false;
}

/// Writes a member's new value; `old` is null where it was absent.
inline void write_changed(BsonWriter& out, std::string_view name, const BsonElement* old,
                          const Change& change) {
    switch (change.op) {
        case ChangeOp::kUnset:
            return;
        case ChangeOp::kSet:
            return out.add(name, change.operand());
        case ChangeOp::kIncrement:
            return out.add(
                name, (old == nullptr ? 0 : old->as_integer()) + change.operand().as_integer());
        case ChangeOp::kMax: {
            const bool keeps = old != nullptr && scalar_of(*old) >= scalar_of(change.operand());
            return out.add(name, keeps ? *old : change.operand());
        }
        case ChangeOp::kPush: {
            std::vector<BsonElement> items;
            if (old != nullptr) {
                for (BsonReader in(old->as_nested()); !in.at_end();) items.push_back(in.next());
            }
            for (BsonReader in(change.operand().as_nested()); !in.at_end();) {
                items.push_back(in.next());
            }
            const auto keep = static_cast<std::size_t>(change.keep);
            const std::size_t first = keep > 0 && items.size() > keep ? items.size() - keep : 0;
            out.begin_array(name);
            for (std::size_t i = first; i < items.size(); ++i) out.add({}, items[i]);
            return out.end();
        }
    }
}

inline void write_changed_members(BsonWriter& out, BsonReader in, std::string_view path,
                                  const Change& change) {
    const std::size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    const bool nested = dot != std::string_view::npos;
    const auto write = [&](const BsonElement* old) {
        if (!nested) return write_changed(out, name, old, change);
        if (old == nullptr && change.op == ChangeOp::kUnset) return;
        const Document none;
        out.begin_document(name);
        write_changed_members(out, BsonReader(old == nullptr ? none.bytes() : old->as_nested()),
                              path.substr(dot + 1), change);
        out.end();
    };
    bool found = false;
    while (!in.at_end()) {
        const BsonElement element = in.next();
        if (element.name() == name) {
            found = true;
            write(&element);
        } else {
            out.add(element.name(), element);
        }
    }
    if (!found) write(nullptr);
}

inline Document apply(Document document, const std::vector<Change>& changes) {
    for (const Change& change : changes) {
        BsonWriter out;
        write_changed_members(out, BsonReader(document), change.path, change);
        document = out.finish();
    }
    return document;
}

}  // namespace rapport::testing
