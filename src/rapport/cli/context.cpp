#include "rapport/cli/context.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "rapport/cli/logging.hpp"
#include "rapport/conversation/model/model_agents.hpp"
#include "rapport/conversation/rules/rule_agents.hpp"
#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"

namespace rapport::cli {

NotFound nothing_held(const std::string& phone) {
    return NotFound(
        fmt::format("{}: nothing is held on this person: no lead, no message", mask_phone(phone)));
}

void Context::load() {
    settings_ = load_settings();
    start_logging(settings_.settings);
}

DatabaseUrl Context::database_url() const {
    return db.empty() ? choose_database(settings_.settings) : parse_database_url(db);
}

void Context::connect() {
    const DatabaseUrl url = database_url();
    if (url.engine == DatabaseUrl::Engine::kSqlite && !std::filesystem::exists(url.location)) {
        throw Unavailable(url.location + ": no database there yet",
                          "`rapport import FILE` makes it, --db names another");
    }
    manager_ = std::make_unique<DatabaseManager>(settings_.settings, url);
    await(manager_->connect());
}

void Context::connect_to_write() {
    manager_ = std::make_unique<DatabaseManager>(settings_.settings, database_url());
    await(manager_->connect());
    await(manager_->create_indexes());
}

LeadRepository Context::leads() {
    return LeadRepository(manager_->database(), settings_.settings.default_region);
}

MessageRepository Context::messages() {
    return MessageRepository(manager_->database(), settings_.settings.default_region);
}

PersonalData Context::personal_data() {
    const Settings& settings = settings_.settings;
    return {manager_->database(), settings.audit_key, settings.default_region,
            settings.archive_dir};
}

AuditLog Context::audit() { return {manager_->database(), settings_.settings.audit_key}; }

Agents Context::agents() { return model_agents(settings_.settings, manager_->database(), rules()); }

Agents Context::rules() const {
    const std::string& folder = settings_.settings.config_dir;
    return rule_agents(folder.empty() ? built_in_rule_tables() : load_rule_tables(folder));
}

Lead Context::require_lead(const std::string& phone) {
    auto lead = await(leads().get_by_phone(phone));
    if (!lead) {
        throw NotFound(
            fmt::format("lead {}: not found; `rapport leads` lists them, `rapport lead "
                        "create` adds one",
                        mask_phone(phone)));
    }
    return std::move(*lead);
}

Timestamp parse_time(const std::string& option, const std::string& text) {
    const auto time = parse_iso8601(text);
    if (!time) {
        throw InvalidArgument(
            fmt::format("{}: expected a date such as 2026-12-01 or 2026-12-01T09:30:00Z", option));
    }
    return *time;
}

std::string refuse_empty(const std::string& value) {
    return value.empty() ? "is empty: give a value, or leave the option out" : "";
}

}  // namespace rapport::cli
