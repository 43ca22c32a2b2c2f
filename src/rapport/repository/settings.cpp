#include "rapport/repository/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/env_file.hpp"

namespace rapport {
namespace {

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

bool read_number(const std::string& text, std::int64_t least, std::int64_t most, std::int64_t& to) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || number < least || number > most) return false;
    to = number;
    return true;
}

bool read_milliseconds(const std::string& text, std::int64_t least, std::chrono::milliseconds& to) {
    std::int64_t milliseconds = 0;
    if (!read_number(text, least, 600'000, milliseconds)) return false;
    to = std::chrono::milliseconds(milliseconds);
    return true;
}

bool read_number(const std::string& text, double least, double most, double& to) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || !(number >= least && number <= most)) return false;
    to = number;
    return true;
}

/// What may stand in a line of a header.
bool is_header_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_web_url(std::string_view text) {
    return (text.starts_with("http://") || text.starts_with("https://")) && is_header_text(text);
}

bool read_bool(const std::string& text, bool& to) {
    static constexpr std::array<std::string_view, 4> kTrue{"true", "1", "yes", "on"};
    static constexpr std::array<std::string_view, 4> kFalse{"false", "0", "no", "off"};
    to = std::ranges::find(kTrue, lower(text)) != kTrue.end();
    return to || std::ranges::find(kFalse, lower(text)) != kFalse.end();
}

bool read_one_of(const std::string& text, std::initializer_list<std::string_view> allowed,
                 std::string& to) {
    to = lower(text);
    return std::ranges::find(allowed, to) != allowed.end();
}

bool is_mongodb_uri(std::string_view text) {
    return text.starts_with("mongodb://") || text.starts_with("mongodb+srv://");
}

bool is_database_name(const std::string& text) {
    // https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
    return !text.empty() && text.size() <= 63 &&
           text.find_first_of("/\\. \"$*<>:|?") == std::string::npos;
}

std::string to_bool_text(bool value) { return value ? "true" : "false"; }

constexpr auto kModelApiKey = "MODEL_API_KEY";
constexpr auto kAuditKey = "AUDIT_KEY";
/// A key that cannot be tried out: 32 characters, as many as 128 bits have in hexadecimal.
constexpr std::size_t kLeastKey = 32;

/// One setting: the only place that names it. `read` returns false for a value that is not allowed;
/// `show` is the value as people see it.
struct Declaration {
    const char* name;
    const char* allowed;
    bool (*read)(const std::string& text, Settings& to);
    std::string (*show)(const Settings& from);
};

const std::array<Declaration, 22> kDeclarations{{
    {"MONGODB_URI", "a mongodb:// or mongodb+srv:// URI, or nothing",
     [](const std::string& text, Settings& to) {
         to.mongodb_uri = text;
         return text.empty() || is_mongodb_uri(text);
     },
     [](const Settings& from) { return mask_uri(from.mongodb_uri); }},
    {"MONGODB_DATABASE", "a database name: at most 63 bytes, none of /\\. \"$*<>:|?",
     [](const std::string& text, Settings& to) {
         to.mongodb_database = text;
         return is_database_name(text);
     },
     [](const Settings& from) { return from.mongodb_database; }},
    {"MONGODB_MAX_POOL_SIZE", "a whole number from 1 to 1000",
     [](const std::string& text, Settings& to) {
         return read_number(text, 1, 1000, to.max_pool_size);
     },
     [](const Settings& from) { return fmt::to_string(from.max_pool_size); }},
    {"MONGODB_MIN_POOL_SIZE", "a whole number from 0 to 1000",
     [](const std::string& text, Settings& to) {
         return read_number(text, 0, 1000, to.min_pool_size);
     },
     [](const Settings& from) { return fmt::to_string(from.min_pool_size); }},
    {"MONGODB_SERVER_SELECTION_TIMEOUT_MS", "a whole number of milliseconds from 1 to 600000",
     [](const std::string& text, Settings& to) {
         return read_milliseconds(text, 1, to.server_selection_timeout);
     },
     [](const Settings& from) { return fmt::to_string(from.server_selection_timeout.count()); }},
    {"MESSAGE_RETENTION_DAYS", "a whole number of days from 1 to 24855",
     [](const std::string& text, Settings& to) {
         // The expiry of an index is an int32 of seconds.
         return read_number(text, 1, 24'855, to.message_retention_days);
     },
     [](const Settings& from) { return fmt::to_string(from.message_retention_days); }},
    {"ENABLE_MESSAGE_ARCHIVAL", "true or false",
     [](const std::string& text, Settings& to) {
         return read_bool(text, to.enable_message_archival);
     },
     [](const Settings& from) { return to_bool_text(from.enable_message_archival); }},
    {"ARCHIVE_DIR", "the path of a folder, or nothing",
     [](const std::string& text, Settings& to) {
         to.archive_dir = text;
         return true;
     },
     [](const Settings& from) { return from.archive_dir; }},
    {"DEFAULT_REGION", "a region of two letters (ISO 3166), e.g. MX, or ZZ for none",
     [](const std::string& text, Settings& to) {
         to.default_region = text;
         for (char& c : to.default_region) {
             c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
         }
         return to.default_region == "ZZ" || is_known_region(to.default_region);
     },
     [](const Settings& from) { return from.default_region; }},
    {kAuditKey,
     "at least 32 visible ASCII characters (`openssl rand -hex 32` makes them), or nothing",
     [](const std::string& text, Settings& to) {
         to.audit_key = text;
         return text.empty() || (text.size() >= kLeastKey && is_header_text(text));
     },
     [](const Settings& from) { return std::string(from.audit_key.empty() ? "" : "***"); }},
    {"LOG_LEVEL", "trace, debug, info, warn, error or off",
     [](const std::string& text, Settings& to) {
         return read_one_of(text, {"trace", "debug", "info", "warn", "error", "off"}, to.log_level);
     },
     [](const Settings& from) { return from.log_level; }},
    {"LOG_FORMAT", "text or json",
     [](const std::string& text, Settings& to) {
         return read_one_of(text, {"text", "json"}, to.log_format);
     },
     [](const Settings& from) { return from.log_format; }},
    {"MODEL_BASE_URL", "an http:// or https:// URL",
     [](const std::string& text, Settings& to) {
         to.model_base_url = text.substr(0, text.find_last_not_of('/') + 1);
         return is_web_url(text);
     },
     [](const Settings& from) { return mask_uri(from.model_base_url); }},
    {"MODEL_NAME", "the name of a model, or nothing",
     [](const std::string& text, Settings& to) {
         to.model_name = text;
         return is_header_text(text);
     },
     [](const Settings& from) { return from.model_name; }},
    {kModelApiKey, "a key of visible ASCII characters, or nothing",
     [](const std::string& text, Settings& to) {
         to.model_api_key = text;
         return is_header_text(text);
     },
     [](const Settings& from) { return std::string(from.model_api_key.empty() ? "" : "***"); }},
    {"MODEL_TEMPERATURE", "a number from 0 to 2",
     [](const std::string& text, Settings& to) {
         return read_number(text, 0.0, 2.0, to.model_temperature);
     },
     [](const Settings& from) { return fmt::to_string(from.model_temperature); }},
    {"MODEL_TIMEOUT_MS", "a whole number of milliseconds from 100 to 600000",
     [](const std::string& text, Settings& to) {
         return read_milliseconds(text, 100, to.model_timeout);
     },
     [](const Settings& from) { return fmt::to_string(from.model_timeout.count()); }},
    {"MODEL_MAX_CONCURRENCY", "a whole number from 1 to 1000",
     [](const std::string& text, Settings& to) {
         return read_number(text, 1, 1000, to.model_max_concurrency);
     },
     [](const Settings& from) { return fmt::to_string(from.model_max_concurrency); }},
    {"MODEL_HOURLY_BUDGET_USD", "a number of US dollars from 0 to 1000000",
     [](const std::string& text, Settings& to) {
         return read_number(text, 0.0, 1e6, to.model_hourly_budget_usd);
     },
     [](const Settings& from) { return fmt::to_string(from.model_hourly_budget_usd); }},
    {"MODEL_DAILY_BUDGET_USD", "a number of US dollars from 0 to 1000000",
     [](const std::string& text, Settings& to) {
         return read_number(text, 0.0, 1e6, to.model_daily_budget_usd);
     },
     [](const Settings& from) { return fmt::to_string(from.model_daily_budget_usd); }},
    {"MODEL_CA_FILE", "the path of a file, or nothing",
     [](const std::string& text, Settings& to) {
         to.model_ca_file = text;
         return true;
     },
     [](const Settings& from) { return from.model_ca_file; }},
    {"CONFIG_DIR", "the path of a folder, or nothing",
     [](const std::string& text, Settings& to) {
         to.config_dir = text;
         return true;
     },
     [](const Settings& from) { return from.config_dir; }},
}};

/// A refused value as an error may show it. What was meant for MONGODB_URI may hold a password,
/// also where it was put into another variable by mistake.
std::string shown(const Declaration& declaration, const std::string& value) {
    const std::string_view name = declaration.name;
    if (name == kModelApiKey || name == kAuditKey) return "***";
    const bool is_uri = value.find("://") != std::string::npos;
    return is_uri || name == "MONGODB_URI" ? mask_uri(value) : value;
}

/// Shown nowhere: whoever keeps conversations counts in days.
constexpr auto kRetentionSeconds = "MESSAGE_RETENTION_SECONDS";

std::int64_t to_retention_seconds(const std::string& text) {
    std::int64_t seconds = 0;
    if (!read_number(text, 1, std::numeric_limits<std::int32_t>::max(), seconds)) {
        throw InvalidArgument(fmt::format("{}: expected a whole number of seconds, of at least 1",
                                          kRetentionSeconds));
    }
    return seconds;
}

void read_retention_seconds(const Environment& environment, Settings& to) {
    const auto text = environment(kRetentionSeconds);
    if (text) to.message_retention_seconds = to_retention_seconds(*text);
}

void check_pool_sizes(const Settings& settings) {
    if (settings.min_pool_size <= settings.max_pool_size) return;
    throw InvalidArgument(
        fmt::format("MONGODB_MIN_POOL_SIZE={}: expected at most MONGODB_MAX_POOL_SIZE, which is {}",
                    settings.min_pool_size, settings.max_pool_size));
}

/// `host`, `host:27017` and `[::1]:27017`, several with commas between. Without its @, a user with
/// a password looks almost like that.
bool is_host_list(std::string_view text) {
    while (!text.empty()) {
        std::string_view host = text.substr(0, text.find(','));
        text.remove_prefix(std::min(host.size() + 1, text.size()));
        if (host.starts_with('[')) host.remove_prefix(std::min(host.find(']'), host.size()));
        const std::size_t colon = std::min(host.find(':'), host.size());
        const std::string_view port = host.substr(std::min(colon + 1, host.size()));
        if (port.find_first_not_of("0123456789") != std::string_view::npos) return false;
    }
    return true;
}

}  // namespace

LoadedSettings load_settings(const Environment& environment,
                             const std::filesystem::path& env_file) {
    const auto file = read_env_file(env_file);
    LoadedSettings loaded;
    std::vector<std::string> sources;
    for (const Declaration& declaration : kDeclarations) {
        std::string source = "default";
        std::optional<std::string> value = environment(declaration.name);
        if (value) {
            source = "environment";
        } else if (const auto entry = file.find(declaration.name); entry != file.end()) {
            value = entry->second.value;
            source = fmt::format("{} line {}", env_file.string(), entry->second.line);
        }
        if (value && !declaration.read(*value, loaded.settings)) {
            throw InvalidArgument(fmt::format("{}={} ({}): expected {}", declaration.name,
                                              shown(declaration, *value), source,
                                              declaration.allowed));
        }
        sources.push_back(std::move(source));
    }
    read_retention_seconds(environment, loaded.settings);
    check_pool_sizes(loaded.settings);
    for (std::size_t i = 0; i < kDeclarations.size(); ++i) {
        loaded.lines.push_back(
            {kDeclarations[i].name, kDeclarations[i].show(loaded.settings), sources[i]});
    }
    return loaded;
}

LoadedSettings load_settings() {
    return load_settings([](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    });
}

void check_settings(const Settings& settings) {
    Settings read_back;
    for (const Declaration& declaration : kDeclarations) {
        // Of a key there is nothing to be seen.
        if (std::string_view(declaration.name) == kAuditKey) continue;
        const std::string value = declaration.show(settings);
        if (declaration.read(value, read_back)) continue;
        throw InvalidArgument(
            fmt::format("{}={}: expected {}", declaration.name, value, declaration.allowed));
    }
    if (settings.message_retention_seconds) {
        to_retention_seconds(fmt::to_string(*settings.message_retention_seconds));
    }
    check_pool_sizes(settings);
}

std::optional<std::chrono::seconds> retention_of(const Settings& settings) {
    if (!settings.enable_message_archival) return std::nullopt;
    if (settings.message_retention_seconds) {
        return std::chrono::seconds(*settings.message_retention_seconds);
    }
    return std::chrono::days(settings.message_retention_days);
}

std::string mask_uri(std::string_view uri) {
    const std::size_t scheme_end = uri.find("://");
    if (scheme_end == std::string_view::npos) {
        // A URI that lost its scheme may still hold a password.
        return uri.find_first_of(":@") == std::string_view::npos ? std::string(uri) : "***";
    }
    const std::string scheme(uri.substr(0, scheme_end + 3));
    std::string_view rest = uri.substr(scheme_end + 3);
    // Options may hold secrets (TLS key passwords); an unescaped @ or / in a password is common.
    const std::size_t user_end = rest.rfind('@');
    const bool has_user = user_end != std::string_view::npos;
    if (has_user) rest.remove_prefix(user_end + 1);
    rest = rest.substr(0, rest.find('?'));
    if (!is_host_list(rest.substr(0, rest.find('/')))) return scheme + "***";
    return scheme + (has_user ? "***@" : "") + std::string(rest);
}

std::string DatabaseUrl::display() const {
    return engine == Engine::kMongo ? mask_uri(location) : location;
}

DatabaseUrl parse_database_url(std::string_view url) {
    if (is_mongodb_uri(url)) return {DatabaseUrl::Engine::kMongo, std::string(url)};
    constexpr std::string_view kSqlite = "sqlite:";
    // Programs disagree on how many slashes of sqlite://… belong to the path.
    if (url.starts_with(kSqlite) && url.size() > kSqlite.size() && !url.starts_with("sqlite://")) {
        return {DatabaseUrl::Engine::kSqlite, std::string(url.substr(kSqlite.size()))};
    }
    throw InvalidArgument(fmt::format(
        "database {}: expected mongodb://…, mongodb+srv://… or sqlite:FILE", mask_uri(url)));
}

DatabaseUrl choose_database(const Settings& settings) {
    if (settings.mongodb_uri.empty()) return {};
    return parse_database_url(settings.mongodb_uri);
}

}  // namespace rapport
