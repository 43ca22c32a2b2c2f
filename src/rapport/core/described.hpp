#pragma once

#include <array>
#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/pfr/tuple_size.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rapport/core/enum_names.hpp"

namespace rapport {

/// A struct declared with BOOST_DESCRIBE_STRUCT: the one place that lists its members, from which
/// the codec, the filters and the tables are made.
template <class T>
concept Described = boost::describe::has_describe_members<T>::value && !std::is_enum_v<T>;

template <Described T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_public>;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

/// T without its std::optional.
template <class T>
struct PlainOf {
    using Type = T;
};
template <class T>
struct PlainOf<std::optional<T>> {
    using Type = T;
};
template <class T>
using Plain = typename PlainOf<T>::Type;

/// What differs from "every member is written, and must be there to be read". Specialise beside
/// the struct, deriving from MemberRules<void> for what stays; names are wire names.
template <class T>
struct MemberRules {
    /// Read as their default where they are absent or null.
    static constexpr std::array<std::string_view, 0> kDefaulted{};
    /// The same, where T is nested in another entity.
    static constexpr std::array<std::string_view, 0> kDefaultedWhenNested{};
    /// Not written where T is nested in another entity.
    static constexpr std::array<std::string_view, 0> kOmittedWhenNested{};
};

/// The name a member has in a database: its own, but `id` is `_id`.
constexpr std::string_view wire_name(std::string_view member) {
    return member == "id" ? "_id" : member;
}

/// Calls f(wire name, pointer to member) for every member, in the order of declaration.
template <Described T, class F>
constexpr void for_each_member(F&& f) {
    static_assert(boost::pfr::tuple_size_v<T> == boost::mp11::mp_size<MembersOf<T>>::value,
                  "BOOST_DESCRIBE_STRUCT must list every member");
    boost::mp11::mp_for_each<MembersOf<T>>(
        [&](auto member) { f(wire_name(member.name), member.pointer); });
}

constexpr bool holds(std::span<const std::string_view> names, std::string_view name) {
    for (const std::string_view candidate : names) {
        if (candidate == name) return true;
    }
    return false;
}

}  // namespace rapport
