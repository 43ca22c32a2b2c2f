#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rapport/core/described.hpp"
#include "rapport/core/scalar.hpp"

namespace rapport {

enum class CompareOp : std::uint8_t {
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual
};

struct FilterNode;

/// The value at `path` against one value. Absent equals absent only; an order (<, <=, >, >=) never
/// holds for an absent value.
struct Compare {
    std::string path;
    CompareOp op;
    Scalar value;
};
/// The value at `path` is one of these.
struct OneOf {
    std::string path;
    std::vector<Scalar> values;
};
/// Every part holds; with no part, everything matches.
struct AllOf {
    std::vector<FilterNode> parts;
};
/// Some part holds; with no part, nothing matches.
struct AnyOf {
    std::vector<FilterNode> parts;
};
/// The part (exactly one) does not hold.
struct Negation {
    std::vector<FilterNode> part;
};

/// A filter as the stores see it: an engine compiles this tree to its own language, with every
/// value bound as a value, so that no text can become part of a query.
struct FilterNode : std::variant<AllOf, AnyOf, Negation, Compare, OneOf> {
    using variant::variant;
    const variant& base() const { return *this; }
};

/// Both hold; joins into one flat list.
FilterNode both(FilterNode a, FilterNode b);

/// True for a filter without a condition.
bool matches_everything(const FilterNode& filter);

/// A filter on entities T. The default one matches everything. Build with where():
///
///     where(&Lead::current_stage) == SalesStage::kDiscovery && where(&Lead::message_count) >= 5
///
/// An undescribed member, an operand of another type, or a filter on another entity does not
/// compile.
template <class T>
class Filter {
  public:
    Filter() : node_(AllOf{}) {}
    explicit Filter(FilterNode node) : node_(std::move(node)) {}

    const FilterNode& node() const { return node_; }

    friend Filter operator&&(Filter a, Filter b) {
        return Filter(both(std::move(a.node_), std::move(b.node_)));
    }
    friend Filter operator||(Filter a, Filter b) {
        AnyOf any;
        any.parts = {std::move(a.node_), std::move(b.node_)};
        return Filter(FilterNode(std::move(any)));
    }
    friend Filter operator!(Filter a) {
        Negation negation;
        negation.part.push_back(std::move(a.node_));
        return Filter(FilterNode(std::move(negation)));
    }

  private:
    FilterNode node_;
};

/// The wire name of a described member; anything else does not compile.
template <Described C, class M>
consteval std::string_view member_name(M C::* member) {
    std::string_view found;
    for_each_member<C>([&](std::string_view name, auto candidate) {
        if constexpr (std::is_same_v<decltype(candidate), M C::*>) {
            if (candidate == member) found = name;
        }
    });
    if (found.empty()) throw "BOOST_DESCRIBE_STRUCT does not list this member";
    return found;
}

/// V is, or becomes without losing anything, what a member of type M is compared with.
template <class V, class M>
concept OperandFor = !kIsVector<M> && !Described<M> && requires(const V& value) { M{value}; };

/// A member M of entity T, perhaps inside a nested struct: what filters, sorts and updates name.
template <class T, class M>
struct Field {
    using Operand = Plain<M>;

    std::string_view outer;
    std::string_view inner{};  ///< empty for a member of T itself

    std::string path() const {
        std::string dotted(outer);
        if (!inner.empty()) (dotted += '.') += inner;
        return dotted;
    }

    template <OperandFor<Operand> V>
    Filter<T> operator==(const V& value) const {
        return compare(CompareOp::kEqual, value);
    }
    template <OperandFor<Operand> V>
    Filter<T> operator!=(const V& value) const {
        return compare(CompareOp::kNotEqual, value);
    }
    template <OperandFor<Operand> V>
    Filter<T> operator<(const V& value) const {
        return compare(CompareOp::kLess, value);
    }
    template <OperandFor<Operand> V>
    Filter<T> operator<=(const V& value) const {
        return compare(CompareOp::kLessEqual, value);
    }
    template <OperandFor<Operand> V>
    Filter<T> operator>(const V& value) const {
        return compare(CompareOp::kGreater, value);
    }
    template <OperandFor<Operand> V>
    Filter<T> operator>=(const V& value) const {
        return compare(CompareOp::kGreaterEqual, value);
    }
    /// Is absent.
    Filter<T> operator==(std::nullopt_t) const {
        return Filter<T>(FilterNode(Compare{path(), CompareOp::kEqual, {}}));
    }
    /// Is there.
    Filter<T> operator!=(std::nullopt_t) const {
        return Filter<T>(FilterNode(Compare{path(), CompareOp::kNotEqual, {}}));
    }
    /// Is one of `values`; an empty list matches nothing.
    Filter<T> in(const std::vector<Operand>& values) const {
        OneOf one_of{path(), {}};
        for (const Operand& value : values) one_of.values.push_back(to_scalar(value));
        return Filter<T>(FilterNode(std::move(one_of)));
    }

  private:
    template <class V>
    Filter<T> compare(CompareOp op, const V& value) const {
        return Filter<T>(FilterNode(Compare{path(), op, to_scalar(Operand{value})}));
    }
};

/// `where(&Lead::current_stage)`
template <Described C, class M>
consteval Field<C, M> where(M C::* member) {
    return {member_name(member)};
}

/// `where(&Message::attachment, &Attachment::kind)`: a member of a nested struct.
template <Described C, class M, class N>
consteval auto where(M C::* outer, N Plain<M>::* inner) {
    return Field<C, N>{member_name(outer), member_name(inner)};
}

}  // namespace rapport
