#include "benchmarks/bare_model.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <tuple>

namespace rapport::bare {
namespace {

template <class Class, class Value>
struct Member {
    std::string_view name;
    Value Class::* pointer;
};
template <class Class, class Value>
Member(const char*, Value Class::*) -> Member<Class, Value>;

template <class Class>
constexpr auto kMembers = std::tuple{};

template <>
constexpr auto kMembers<Message> = std::tuple{
    Member{"lead_id", &Message::lead_id},      Member{"role", &Message::role},
    Member{"content", &Message::content},      Member{"tokens", &Message::tokens},
    Member{"timestamp", &Message::timestamp},  Member{"created_at", &Message::created_at},
    Member{"updated_at", &Message::updated_at}};

template <>
constexpr auto kMembers<Confidence> =
    std::tuple{Member{"value", &Confidence::value}, Member{"reasoning", &Confidence::reasoning}};

template <>
constexpr auto kMembers<Signal> =
    std::tuple{Member{"dimension", &Signal::dimension},
               Member{"extracted_value", &Signal::extracted_value},
               Member{"confidence", &Signal::confidence},
               Member{"source_message_id", &Signal::source_message_id},
               Member{"is_inferred", &Signal::is_inferred},
               Member{"raw_evidence", &Signal::raw_evidence}};

template <>
constexpr auto kMembers<Lead> =
    std::tuple{Member{"lead_id", &Lead::lead_id},
               Member{"full_name", &Lead::full_name},
               Member{"current_stage", &Lead::current_stage},
               Member{"recent_history", &Lead::recent_history},
               Member{"signals", &Lead::signals},
               Member{"message_count", &Lead::message_count},
               Member{"next_followup_at", &Lead::next_followup_at},
               Member{"last_interaction_at", &Lead::last_interaction_at},
               Member{"handoff_status", &Lead::handoff_status},
               Member{"created_at", &Lead::created_at},
               Member{"updated_at", &Lead::updated_at}};

/// A name as libbson takes it.
struct Key {
    Key(std::string_view name) : data(name.data()), size(static_cast<int>(name.size())) {}
    const char* data;
    int size;
};

void put(bson_t* to, Key key, const std::string& value) {
    bson_append_utf8(to, key.data, key.size, value.data(), static_cast<int>(value.size()));
}
void put(bson_t* to, Key key, std::int32_t value) {
    bson_append_int32(to, key.data, key.size, value);
}
void put(bson_t* to, Key key, double value) { bson_append_double(to, key.data, key.size, value); }
void put(bson_t* to, Key key, bool value) { bson_append_bool(to, key.data, key.size, value); }
void put(bson_t* to, Key key, Date value) {
    bson_append_date_time(to, key.data, key.size, value.ms);
}

template <class Class>
void put_members(bson_t* to, const Class& object);

template <class Class>
void put(bson_t* to, Key key, const Class& object) {
    bson_t document;
    bson_append_document_begin(to, key.data, key.size, &document);
    put_members(&document, object);
    bson_append_document_end(to, &document);
}

template <class Class>
void put(bson_t* to, Key key, const std::vector<Class>& objects) {
    bson_t array;
    bson_append_array_begin(to, key.data, key.size, &array);
    for (std::uint32_t i = 0; i < objects.size(); ++i) {
        char buffer[16];
        const char* index = nullptr;
        const std::size_t size = bson_uint32_to_string(i, &index, buffer, sizeof buffer);
        put(&array, std::string_view(index, size), objects[i]);
    }
    bson_append_array_end(to, &array);
}

template <class Class>
void put_members(bson_t* to, const Class& object) {
    std::apply([&](auto... member) { (put(to, member.name, object.*member.pointer), ...); },
               kMembers<Class>);
}

void get(const bson_iter_t* from, std::string& value) {
    std::uint32_t size = 0;
    if (const char* text = bson_iter_utf8(from, &size)) value.assign(text, size);
}
void get(const bson_iter_t* from, std::int32_t& value) {
    value = static_cast<std::int32_t>(bson_iter_as_int64(from));
}
void get(const bson_iter_t* from, double& value) { value = bson_iter_as_double(from); }
void get(const bson_iter_t* from, bool& value) { value = bson_iter_as_bool(from); }
void get(const bson_iter_t* from, Date& value) { value.ms = bson_iter_date_time(from); }

template <class Class>
void get_members(bson_iter_t* from, Class& object);

template <class Class>
void get(const bson_iter_t* from, Class& object) {
    bson_iter_t members;
    if (bson_iter_recurse(from, &members)) get_members(&members, object);
}

template <class Class>
void get(const bson_iter_t* from, std::vector<Class>& objects) {
    bson_iter_t elements;
    if (!bson_iter_recurse(from, &elements)) return;
    constexpr std::size_t kUsual = 22;
    objects.reserve(kUsual);
    while (bson_iter_next(&elements)) get(&elements, objects.emplace_back());
}

template <class Class>
void get_members(bson_iter_t* from, Class& object) {
    while (bson_iter_next(from)) {
        const std::string_view key(bson_iter_key(from), bson_iter_key_len(from));
        const auto take = [&](auto member) {
            if (key != member.name) return false;
            get(from, object.*member.pointer);
            return true;
        };
        std::apply([&](auto... member) { (take(member) || ...); }, kMembers<Class>);
    }
}

template <class Class>
void get_document(const bson_t* document, Class& object) {
    bson_iter_t members;
    if (bson_iter_init(&members, document)) get_members(&members, object);
}

}  // namespace

Date now() {
    using namespace std::chrono;
    return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

void Lead::add(const Message& message) {
    constexpr std::size_t kKept = 20;
    if (recent_history.size() == kKept) recent_history.erase(recent_history.begin());
    recent_history.push_back(message);
    ++message_count;
    last_interaction_at = updated_at = message.timestamp;
}

void encode(const Message& message, bson_t* document) { put_members(document, message); }
void encode(const Lead& lead, bson_t* document) { put_members(document, lead); }
void decode(const bson_t* document, Message& message) { get_document(document, message); }
void decode(const bson_t* document, Lead& lead) { get_document(document, lead); }

std::string lead_id(int i) { return fmt::format("+5255{:08}", 10'000'000 + i); }

Message make_message(const std::string& lead_id, int i, Date at) {
    return {lead_id,
            i % 2 == 0 ? "lead" : "assistant",
            fmt::format("Hola, quiero informacion de precios para {:05} usuarios del plan Pro; nos "
                        "urge una demo esta semana, por favor. Gracias!",
                        i % 100'000),
            30 + i % 50,
            at,
            at,
            at};
}

Lead make_lead(int i, Date at) {
    constexpr std::int64_t kMinute = 60'000;
    constexpr std::int64_t kDay = kMinute * 60 * 24;
    Lead lead;
    lead.lead_id = lead_id(i);
    lead.full_name = fmt::format("Maria Lopez {}", i);
    lead.current_stage = "1 - discovery";
    lead.handoff_status = "none";
    for (int k = 0; k < 20; ++k) {
        lead.add(make_message(lead.lead_id, i + k, {at.ms - (20 - k) * kMinute - i}));
    }
    for (int k = 0; k < 10; ++k) {
        constexpr const char* kDimensions[] = {"budget", "authority", "need", "timeline"};
        lead.signals.push_back({kDimensions[k % 4],
                                "20 users",
                                {0.8, "said so"},
                                fmt::format("m{}", k),
                                false,
                                "20 usuarios"});
    }
    lead.next_followup_at = {at.ms + kDay + i};
    lead.created_at = {at.ms - 10 * kDay};
    return lead;
}

}  // namespace rapport::bare
