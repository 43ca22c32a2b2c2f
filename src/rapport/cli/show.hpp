#pragma once

#include <string>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/domain/lead.hpp"

namespace rapport::cli {

/// `2026-11-23 08:15`, UTC.
std::string show_time(Timestamp time);

/// One table row a lead: number, name, stage, messages, last interaction, follow-up.
void print_leads(const std::vector<Lead>& leads);

/// Everything that is known of one lead.
void print_lead(const Lead& lead);

/// Messages oldest first, each under its time and role.
void print_messages(const std::vector<Message>& messages);

/// Adds the members of an entity under `name`, as they stand in a database.
template <Described T>
void add_entity(JsonWriter& out, std::string_view name, const T& entity) {
    out.begin_document(name);
    codec::write_members(out, entity, false);
    out.end();
}

}  // namespace rapport::cli
