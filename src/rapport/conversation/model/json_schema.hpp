#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "rapport/core/described.hpp"
#include "rapport/core/json.hpp"
#include "rapport/domain/signal.hpp"

namespace rapport {

/// What of T a model is not asked for. Specialise for a type with members that are ours to fill in;
/// names are wire names.
template <class T>
struct SchemaRules {
    static constexpr std::array<std::string_view, 0> kOurs{};
};
template <>
struct SchemaRules<Signal> {
    static constexpr auto kOurs = std::to_array<std::string_view>({"source_message_id"});
};

template <Described T>
void write_object_schema(JsonWriter& to);

/// Writes, under `name`, the JSON schema of M, as the codec reads it, within what OpenAI's strict
/// mode takes (https://platform.openai.com/docs/guides/structured-outputs): every member is
/// required, none beside them is allowed, and an optional one may be null.
template <class M>
void write_schema(JsonWriter& to, std::string_view name) {
    to.begin_document(name);
    if constexpr (kIsOptional<M>) {
        to.begin_array("anyOf");
        write_schema<Plain<M>>(to, {});
        to.begin_document({});
        to.add("type", "null");
        to.end();
        to.end();
    } else if constexpr (kIsVector<M>) {
        to.add("type", "array");
        write_schema<typename M::value_type>(to, "items");
    } else if constexpr (NamedEnum<M>) {
        to.add("type", "string");
        to.begin_array("enum");
        for (const auto& [value, text] : kEnumTable<M>) to.add({}, text);
        to.end();
    } else if constexpr (Described<M>) {
        write_object_schema<M>(to);
    } else if constexpr (std::is_same_v<M, bool>) {
        to.add("type", "boolean");
    } else if constexpr (std::is_floating_point_v<M>) {
        to.add("type", "number");
    } else if constexpr (std::is_integral_v<M>) {
        to.add("type", "integer");
    } else {
        static_assert(std::is_same_v<M, std::string>, "not a type that a model is asked for");
        to.add("type", "string");
    }
    to.end();
}

/// The inside of an object's schema.
template <Described T>
void write_object_schema(JsonWriter& to) {
    to.add("type", "object");
    to.begin_document("properties");
    for_each_member<T>([&]<class M>(std::string_view name, M T::*) {
        if (!holds(SchemaRules<T>::kOurs, name)) write_schema<M>(to, name);
    });
    to.end();
    to.begin_array("required");
    for_each_member<T>([&](std::string_view name, auto) {
        if (!holds(SchemaRules<T>::kOurs, name)) to.add({}, name);
    });
    to.end();
    to.add("additionalProperties", false);
}

}  // namespace rapport
