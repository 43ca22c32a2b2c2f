// A program of its own that keeps a conversation in SQLite: `embed FILE`.
#include <iostream>

#include "rapport/core/await.hpp"
#include "rapport/repository/database_manager.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"

using rapport::await;

int main(int argc, char** argv) {
    const std::string file = argc > 1 ? argv[1] : "embed.db";
    rapport::DatabaseManager manager({}, rapport::parse_database_url("sqlite:" + file));
    await(manager.connect());
    await(manager.create_indexes());
    const std::string& region = manager.settings().default_region;
    rapport::LeadRepository leads(manager.database(), region);
    rapport::MessageRepository messages(manager.database(), region);

    // Any spelling of a number is the same lead. add_message() counts the message in the lead, so
    // the lead is saved first.
    auto lead = await(leads.get_or_create("55 5555 0147"));
    const auto message = lead.add_message({.role = rapport::MessageRole::kLead,
                                           .content = "Hola, ¿tienen paneles?",
                                           .timestamp = rapport::now()});
    await(leads.save(lead));
    await(messages.save_messages({message}));

    for (const auto& past : await(messages.get_recent_messages(lead.lead_id))) {
        std::cout << past.lead_id << ' ' << rapport::enum_to_string(past.role) << ": "
                  << past.content << '\n';
    }
    await(manager.disconnect());
}
