#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rapport {

/// What can be configured. Each value comes from the environment, else from `.env`, else it is the
/// default below; README.md lists the variables.
struct Settings {
    std::string mongodb_uri{};
    /// Also where the URI names a database: MongoDB reads that as the one of the credentials.
    std::string mongodb_database = "gp_data_v4";
    std::int64_t max_pool_size = 10;
    std::int64_t min_pool_size = 1;
    std::chrono::milliseconds server_selection_timeout{5000};
    std::int64_t message_retention_days = 365;
    /// For tests, which cannot wait for days: seconds that count instead of them.
    std::optional<std::int64_t> message_retention_seconds{};
    bool enable_message_archival = true;
    /// The folder that messages move to at the end of their retention; empty: they are removed.
    std::string archive_dir{};
    std::string default_region = "MX";
    /// A secret: what the record of erased persons is keyed with. Empty: nobody can be erased.
    std::string audit_key{};
    std::string log_level = "info";
    std::string log_format = "text";
    /// Where an OpenAI-compatible API is, up to and with its version: `…/v1`.
    std::string model_base_url = "https://api.openai.com/v1";
    /// Empty: no model is asked, the rule agents answer.
    std::string model_name{};
    /// A secret; empty where the API wants none.
    std::string model_api_key{};
    double model_temperature = 0.2;
    /// How long one request may take.
    std::chrono::milliseconds model_timeout{20'000};
    std::int64_t model_max_concurrency = 8;
    double model_hourly_budget_usd = 5;
    double model_daily_budget_usd = 50;
    /// Authorities (PEM) to trust instead of the system's.
    std::string model_ca_file{};
    /// A folder with edited copies of what stands in config/; empty: as it was built in.
    std::string config_dir{};
};

/// One setting as a person should see it.
struct SettingLine {
    std::string name;
    std::string value;   ///< secrets masked
    std::string source;  ///< `environment`, `.env line 3`, or `default`
};

/// Looks up a variable of the environment; absent when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct LoadedSettings {
    Settings settings;
    std::vector<SettingLine> lines;  ///< every setting, in the order of README.md
};

/// Reads the settings. An absent file is fine. Throws InvalidArgument that names the variable,
/// where its value came from, the value (masked where it is a secret) and what is allowed, or the
/// file and line that cannot be read.
LoadedSettings load_settings(const Environment& environment,
                             const std::filesystem::path& env_file = ".env");

/// The same from this process's environment.
LoadedSettings load_settings();

/// Throws InvalidArgument, as load_settings() does, for settings that it would not have given: for
/// those that a program has made itself. The audit key is left to whoever uses it.
void check_settings(const Settings& settings);

/// How long messages are kept in the database; absent: for ever.
std::optional<std::chrono::seconds> retention_of(const Settings& settings);

/// A URI without its user name, password and options: `mongodb://***@host:27017/db`. Also safe for
/// texts that are no URI, or a broken one.
std::string mask_uri(std::string_view uri);

/// Which database to use.
struct DatabaseUrl {
    enum class Engine : std::uint8_t { kSqlite, kMongo };

    Engine engine = Engine::kSqlite;
    std::string location = "rapport.db";  ///< the file, or the whole MongoDB URI

    /// For people: the file, or the masked URI.
    std::string display() const;
};

/// Reads `mongodb://…`, `mongodb+srv://…` or `sqlite:path`. Throws InvalidArgument for anything
/// else.
DatabaseUrl parse_database_url(std::string_view url);

/// MongoDB where MONGODB_URI is set, else the file `rapport.db`.
DatabaseUrl choose_database(const Settings& settings);

}  // namespace rapport
