#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace rapport {

/// One enumerator and its text on the wire.
template <class E>
using EnumName = std::pair<E, std::string_view>;

/// An enum becomes storable when a function beside it lists its wire strings:
///
///     constexpr auto enum_names(MessageRole) {
///         return std::to_array<EnumName<MessageRole>>({{MessageRole::kLead, "lead"}, …});
///     }
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) { enum_names(e); };

template <NamedEnum E>
inline constexpr auto kEnumTable = enum_names(E{});

template <NamedEnum E>
consteval bool enum_names_are_unique() {
    const auto& table = kEnumTable<E>;
    for (std::size_t i = 0; i < table.size(); ++i) {
        for (std::size_t j = i + 1; j < table.size(); ++j) {
            if (table[i].first == table[j].first || table[i].second == table[j].second) {
                return false;
            }
        }
    }
    return true;
}

/// The wire string of `value`; empty for a value outside the table.
template <NamedEnum E>
constexpr std::string_view enum_to_string(E value) {
    static_assert(enum_names_are_unique<E>(), "two enumerators share a value or a name");
    for (const auto& [enumerator, name] : kEnumTable<E>) {
        if (enumerator == value) return name;
    }
    return {};
}

/// The enumerator that `text` names on the wire; absent when there is none.
template <NamedEnum E>
constexpr std::optional<E> enum_from_string(std::string_view text) {
    for (const auto& [enumerator, name] : kEnumTable<E>) {
        if (name == text) return enumerator;
    }
    return std::nullopt;
}

}  // namespace rapport
