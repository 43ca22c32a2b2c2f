#include "rapport/repository/settings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "rapport/core/error.hpp"
#include "rapport/repository/env_file.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport {
namespace {

using testing::TemporaryFolder;
using Variables = std::map<std::string, std::string>;

/// A `.env` with this text, in a folder of its own.
class EnvFile {
  public:
    explicit EnvFile(std::string_view text) { std::ofstream(path(), std::ios::binary) << text; }
    std::filesystem::path path() const { return folder_.path() / ".env"; }

  private:
    TemporaryFolder folder_;
};

LoadedSettings load(const Variables& environment, std::string_view env_text = "") {
    const EnvFile file(env_text);
    const auto look_up = [&](const std::string& name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        if (found == environment.end()) return std::nullopt;
        return found->second;
    };
    return load_settings(look_up, file.path());
}

std::string load_error(const Variables& environment, std::string_view env_text = "") {
    try {
        load(environment, env_text);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "no error";
}

/// The value of `V` in a `.env` of these lines.
std::string read_value(std::string_view lines) {
    const EnvFile file(lines);
    const auto entries = read_env_file(file.path());
    return entries.contains("V") ? entries.at("V").value : "absent";
}

SettingLine line_of(const LoadedSettings& loaded, std::string_view name) {
    for (const SettingLine& line : loaded.lines) {
        if (line.name == name) return line;
    }
    return {};
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

TEST(Settings, AreTheDefaultsWhenNothingIsSet) {
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    const LoadedSettings loaded = load_settings(nothing, "/no/such/folder/.env");
    const Settings& settings = loaded.settings;
    EXPECT_EQ(settings.mongodb_uri, "");
    EXPECT_EQ(settings.mongodb_database, "gp_data_v4");
    EXPECT_EQ(settings.max_pool_size, 10);
    EXPECT_EQ(settings.min_pool_size, 1);
    EXPECT_EQ(settings.server_selection_timeout, std::chrono::seconds(5));
    EXPECT_EQ(settings.message_retention_days, 365);
    EXPECT_TRUE(settings.enable_message_archival);
    EXPECT_EQ(settings.default_region, "MX");
    EXPECT_EQ(settings.log_level, "info");
    EXPECT_EQ(settings.log_format, "text");
    EXPECT_EQ(settings.model_base_url, "https://api.openai.com/v1");
    EXPECT_EQ(settings.model_name, "");
    EXPECT_EQ(settings.model_api_key, "");
    EXPECT_EQ(settings.model_temperature, 0.2);
    EXPECT_EQ(settings.model_timeout, std::chrono::seconds(20));
    EXPECT_EQ(settings.model_max_concurrency, 8);
    EXPECT_EQ(settings.model_hourly_budget_usd, 5);
    EXPECT_EQ(settings.model_daily_budget_usd, 50);
    EXPECT_EQ(settings.model_ca_file, "");
    EXPECT_EQ(settings.config_dir, "");
    EXPECT_EQ(settings.archive_dir, "");
    EXPECT_EQ(loaded.lines.size(), 22U);
    for (const SettingLine& line : loaded.lines) EXPECT_EQ(line.source, "default") << line.name;
}

TEST(Settings, SayHowLongMessagesStay) {
    EXPECT_EQ(retention_of(load({}).settings), std::chrono::days(365));
    EXPECT_EQ(retention_of(load({{"ENABLE_MESSAGE_ARCHIVAL", "no"}}).settings), std::nullopt);
    const auto of_test = load({{"MESSAGE_RETENTION_SECONDS", "3"}});
    EXPECT_EQ(retention_of(of_test.settings), std::chrono::seconds(3));
    for (const SettingLine& line : of_test.lines) EXPECT_FALSE(contains(line.name, "SECONDS"));
    EXPECT_THROW(load({{"MESSAGE_RETENTION_SECONDS", "0"}}), InvalidArgument);
}

TEST(Settings, ComeFromTheEnvironmentThenTheFileThenTheDefault) {
    const auto loaded = load({{"DEFAULT_REGION", "BR"}},
                             "# the office\nDEFAULT_REGION=AR\nMONGODB_DATABASE=office\n");
    EXPECT_EQ(loaded.settings.default_region, "BR");
    EXPECT_EQ(loaded.settings.mongodb_database, "office");
    EXPECT_EQ(loaded.settings.log_level, "info");
    EXPECT_EQ(line_of(loaded, "DEFAULT_REGION").source, "environment");
    EXPECT_TRUE(line_of(loaded, "MONGODB_DATABASE").source.ends_with(".env line 3"));
    EXPECT_EQ(line_of(loaded, "LOG_LEVEL").source, "default");
}

TEST(Settings, ReadEveryVariable) {
    const auto loaded = load({{"MONGODB_URI", "mongodb://127.0.0.1:27017/"},
                              {"MONGODB_DATABASE", "sales"},
                              {"MONGODB_MAX_POOL_SIZE", "20"},
                              {"MONGODB_MIN_POOL_SIZE", "0"},
                              {"MONGODB_SERVER_SELECTION_TIMEOUT_MS", "1500"},
                              {"MESSAGE_RETENTION_DAYS", "30"},
                              {"ENABLE_MESSAGE_ARCHIVAL", "false"},
                              {"ARCHIVE_DIR", "old"},
                              {"DEFAULT_REGION", "es"},
                              {"LOG_LEVEL", "WARN"},
                              {"LOG_FORMAT", "json"},
                              {"MODEL_BASE_URL", "http://127.0.0.1:4000/v1/"},
                              {"MODEL_NAME", "gpt-4o-mini"},
                              {"MODEL_API_KEY", "sk-secret"},
                              {"MODEL_TEMPERATURE", "0.7"},
                              {"MODEL_TIMEOUT_MS", "1500"},
                              {"MODEL_MAX_CONCURRENCY", "3"},
                              {"MODEL_HOURLY_BUDGET_USD", "0.5"},
                              {"MODEL_DAILY_BUDGET_USD", "12"},
                              {"MODEL_CA_FILE", "/etc/ssl/own.pem"},
                              {"CONFIG_DIR", "config"}});
    const Settings& settings = loaded.settings;
    EXPECT_EQ(settings.mongodb_uri, "mongodb://127.0.0.1:27017/");
    EXPECT_EQ(settings.mongodb_database, "sales");
    EXPECT_EQ(settings.max_pool_size, 20);
    EXPECT_EQ(settings.min_pool_size, 0);
    EXPECT_EQ(settings.server_selection_timeout, std::chrono::milliseconds(1500));
    EXPECT_EQ(settings.message_retention_days, 30);
    EXPECT_FALSE(settings.enable_message_archival);
    EXPECT_EQ(settings.archive_dir, "old");
    EXPECT_EQ(settings.default_region, "ES");
    EXPECT_EQ(settings.log_level, "warn");
    EXPECT_EQ(settings.log_format, "json");
    EXPECT_EQ(settings.model_base_url, "http://127.0.0.1:4000/v1");
    EXPECT_EQ(settings.model_name, "gpt-4o-mini");
    EXPECT_EQ(settings.model_api_key, "sk-secret");
    EXPECT_EQ(settings.model_temperature, 0.7);
    EXPECT_EQ(settings.model_timeout, std::chrono::milliseconds(1500));
    EXPECT_EQ(settings.model_max_concurrency, 3);
    EXPECT_EQ(settings.model_hourly_budget_usd, 0.5);
    EXPECT_EQ(settings.model_daily_budget_usd, 12);
    EXPECT_EQ(settings.model_ca_file, "/etc/ssl/own.pem");
    EXPECT_EQ(settings.config_dir, "config");
}

TEST(Settings, NeverShowTheAuditsKeyAndWantOneThatCannotBeTriedOut) {
    const std::string key(32, 'k');
    const auto loaded = load({{"AUDIT_KEY", key}});
    EXPECT_EQ(loaded.settings.audit_key, key);
    EXPECT_EQ(line_of(loaded, "AUDIT_KEY").value, "***");
    const std::string refusal = load_error({{"AUDIT_KEY", "short"}});
    EXPECT_TRUE(refusal.starts_with("AUDIT_KEY=*** (environment): expected at least 32"))
        << refusal;
}

TEST(Settings, NeverShowTheModelsKey) {
    const auto loaded = load({{"MODEL_API_KEY", "sk-secret"},
                              {"MODEL_BASE_URL", "https://me:sk-secret@models.example/v1"}});
    EXPECT_EQ(line_of(loaded, "MODEL_API_KEY").value, "***");
    EXPECT_EQ(line_of(loaded, "MODEL_BASE_URL").value, "https://***@models.example/v1");
    const std::string refusal = load_error({{"MODEL_API_KEY", "sk-secret\r\nX-Header: 1"}});
    EXPECT_TRUE(refusal.starts_with("MODEL_API_KEY=*** (environment): expected a key")) << refusal;
}

TEST(Settings, OfModelsRefuseWhatIsOutOfRange) {
    for (const auto& [name, value] : Variables{{"MODEL_BASE_URL", "ftp://models.example"},
                                               {"MODEL_NAME", "two words"},
                                               {"MODEL_TEMPERATURE", "nan"},
                                               {"MODEL_TIMEOUT_MS", "99"},
                                               {"MODEL_MAX_CONCURRENCY", "0"},
                                               {"MODEL_HOURLY_BUDGET_USD", "-1"},
                                               {"MODEL_DAILY_BUDGET_USD", "1e9"}}) {
        EXPECT_TRUE(load_error({{name, value}}).starts_with(name + "=")) << name;
    }
}

TEST(Settings, ZzIsARegionWithoutNumbers) {
    EXPECT_EQ(load({{"DEFAULT_REGION", "zz"}}).settings.default_region, "ZZ");
}

TEST(Settings, ReadTheWordsForTrueAndFalseInAnyCase) {
    for (const char* word : {"true", "TRUE", "1", "yes", "On"}) {
        EXPECT_TRUE(load({{"ENABLE_MESSAGE_ARCHIVAL", word}}).settings.enable_message_archival);
    }
    for (const char* word : {"false", "False", "0", "no", "OFF"}) {
        EXPECT_FALSE(load({{"ENABLE_MESSAGE_ARCHIVAL", word}}).settings.enable_message_archival);
    }
}

TEST(Settings, RefuseAValueNamingItItsSourceAndWhatIsAllowed) {
    const std::string message = load_error({}, "A=1\nB=2\nMONGODB_MAX_POOL_SIZE=abc\n");
    EXPECT_TRUE(message.starts_with("MONGODB_MAX_POOL_SIZE=abc (")) << message;
    EXPECT_TRUE(contains(message, ".env line 3): expected a whole number from 1 to 1000"))
        << message;
    EXPECT_EQ(load_error({{"LOG_LEVEL", "loud"}}),
              "LOG_LEVEL=loud (environment): expected trace, debug, info, warn, error or off");
}

TEST(Settings, RefuseWhatIsNotAllowed) {
    const std::vector<std::pair<std::string, std::string>> refused = {
        {"MONGODB_URI", "localhost:27017"},
        {"MONGODB_DATABASE", ""},
        {"MONGODB_DATABASE", "a.b"},
        {"MONGODB_DATABASE", std::string(64, 'a')},
        {"MONGODB_MAX_POOL_SIZE", "0"},
        {"MONGODB_MAX_POOL_SIZE", "1001"},
        {"MONGODB_MAX_POOL_SIZE", "10 "},
        {"MONGODB_MAX_POOL_SIZE", "99999999999999999999"},
        {"MONGODB_MIN_POOL_SIZE", "-1"},
        {"MONGODB_SERVER_SELECTION_TIMEOUT_MS", "5s"},
        {"MONGODB_SERVER_SELECTION_TIMEOUT_MS", "0"},
        {"MESSAGE_RETENTION_DAYS", "0"},
        {"MESSAGE_RETENTION_DAYS", "24856"},
        {"MESSAGE_RETENTION_DAYS", "1.5"},
        {"ENABLE_MESSAGE_ARCHIVAL", "maybe"},
        {"DEFAULT_REGION", "Mexico"},
        {"DEFAULT_REGION", "XX"},
        {"LOG_FORMAT", "xml"}};
    for (const auto& [name, value] : refused) {
        const std::string message = load_error({{name, value}});
        EXPECT_TRUE(message.starts_with(name + "=") && contains(message, "expected")) << message;
    }
}

TEST(Settings, RefuseAPoolWhoseLeastIsMoreThanItsMost) {
    const std::string message =
        load_error({{"MONGODB_MIN_POOL_SIZE", "9"}, {"MONGODB_MAX_POOL_SIZE", "8"}});
    EXPECT_TRUE(contains(message, "MONGODB_MIN_POOL_SIZE=9")) << message;
    EXPECT_TRUE(contains(message, "MONGODB_MAX_POOL_SIZE, which is 8")) << message;
}

TEST(Settings, ShowNoSecret) {
    const auto loaded = load({{"MONGODB_URI", "mongodb+srv://ana:s3cret@db.example/x?a=s3cret"}});
    EXPECT_EQ(line_of(loaded, "MONGODB_URI").value, "mongodb+srv://***@db.example/x");
    EXPECT_EQ(loaded.settings.mongodb_uri, "mongodb+srv://ana:s3cret@db.example/x?a=s3cret");
}

TEST(Settings, ShowNoSecretInAnErrorEither) {
    for (const Variables& environment :
         std::vector<Variables>{{{"MONGODB_URI", "http://ana:s3cret@db.example"}},
                                {{"MONGODB_URI", "ana:s3cret@db.example"}},
                                {{"MONGODB_URI", "mongodb//ana:s3cret@db.example"}},
                                {{"MONGODB_DATABASE", "mongodb://ana:s3cret@db.example/sales"}},
                                {{"LOG_LEVEL", "mongodb://ana:s3cret"}}}) {
        const std::string message = load_error(environment);
        EXPECT_TRUE(contains(message, "expected")) << message;
        EXPECT_FALSE(contains(message, "s3cret")) << message;
    }
    const std::string message = load_error({}, "MONGODB_URI=\"mongodb://ana:s3cret@db\n");
    EXPECT_TRUE(contains(message, ".env line 1: MONGODB_URI: the quote is not closed")) << message;
    EXPECT_FALSE(contains(message, "s3cret")) << message;
}

TEST(MaskUri, HidesUserPasswordAndOptions) {
    EXPECT_EQ(mask_uri("mongodb://localhost:27017/sales"), "mongodb://localhost:27017/sales");
    EXPECT_EQ(mask_uri("mongodb://ana:pw@a:1,b:2/x?tlsCertificateKeyFilePassword=pw"),
              "mongodb://***@a:1,b:2/x");
    EXPECT_EQ(mask_uri("mongodb://[::1]:27017/"), "mongodb://[::1]:27017/");
    EXPECT_EQ(mask_uri(""), "");
}

TEST(MaskUri, HidesThePasswordOfABrokenUri) {
    for (const char* broken :
         {"mongodb://ana:p@ss@host", "mongodb://ana:p/ss@host", "mongodb://ana:p?ss@host",
          "mongodb://ana:pass", "mongodb://ana:pass/", "mongodb://host,ana:pass",
          "mongodb:/ana:pass@host", "ana:pass", "mongodb://ana:pass?x=1"}) {
        const std::string masked = mask_uri(broken);
        EXPECT_FALSE(contains(masked, "ss")) << broken << " became " << masked;
        EXPECT_FALSE(contains(masked, "ana")) << broken << " became " << masked;
    }
}

TEST(DatabaseUrl, NamesAnEngineAndItsPlace) {
    const DatabaseUrl file = parse_database_url("sqlite:data/sales.db");
    EXPECT_EQ(file.engine, DatabaseUrl::Engine::kSqlite);
    EXPECT_EQ(file.location, "data/sales.db");
    EXPECT_EQ(parse_database_url("sqlite:/var/sales.db").display(), "/var/sales.db");
    for (const char* uri : {"mongodb://ana:pw@host/", "mongodb+srv://ana:pw@host/"}) {
        const DatabaseUrl server = parse_database_url(uri);
        EXPECT_EQ(server.engine, DatabaseUrl::Engine::kMongo);
        EXPECT_EQ(server.location, uri);
        EXPECT_FALSE(contains(server.display(), "pw"));
    }
}

TEST(DatabaseUrl, IsRefusedWhenItNamesNoEngine) {
    for (const char* url : {"", "sales.db", "sqlite:", "sqlite:///sales.db", "sqlite://sales.db",
                            "postgres://ana:s3cret@host/", "mongodb:host"}) {
        try {
            parse_database_url(url);
            ADD_FAILURE() << url;
        } catch (const InvalidArgument& error) {
            const std::string message = error.what();
            EXPECT_TRUE(contains(message, "expected mongodb://…, mongodb+srv://… or sqlite:FILE"));
            EXPECT_FALSE(contains(message, "s3cret")) << message;
        }
    }
}

TEST(DatabaseUrl, IsMongodbWhereItsUriIsSetElseAFile) {
    Settings settings;
    EXPECT_EQ(choose_database(settings).engine, DatabaseUrl::Engine::kSqlite);
    EXPECT_EQ(choose_database(settings).location, "rapport.db");
    settings.mongodb_uri = "mongodb://127.0.0.1/";
    EXPECT_EQ(choose_database(settings).engine, DatabaseUrl::Engine::kMongo);
    EXPECT_EQ(choose_database(settings).location, "mongodb://127.0.0.1/");
}

TEST(EnvFile, HoldsBareValuesUpToAComment) {
    EXPECT_EQ(read_value("V=a b"), "a b");
    EXPECT_EQ(read_value("  V =  a  "), "a");
    EXPECT_EQ(read_value("V=a # comment"), "a");
    EXPECT_EQ(read_value("V=a#b=c"), "a#b=c");
    EXPECT_EQ(read_value("V="), "");
    EXPECT_EQ(read_value("V=# nothing"), "");
    EXPECT_EQ(read_value("#V=a"), "absent");
    EXPECT_EQ(read_value("V=a\\n"), "a\\n");
}

TEST(EnvFile, HoldsQuotedValues) {
    EXPECT_EQ(read_value(R"(V="a # b=c")"), "a # b=c");
    EXPECT_EQ(read_value(R"(V='a # b=c' # comment)"), "a # b=c");
    EXPECT_EQ(read_value(R"(V="a\n\"b\"\t\\\$c")"), "a\n\"b\"\t\\$c");
    EXPECT_EQ(read_value(R"(V="p\d")"), R"(p\d)");
    EXPECT_EQ(read_value(R"(V='a\n"b"')"), R"(a\n"b")");
    EXPECT_EQ(read_value(R"(V=" a ")"), " a ");
    EXPECT_EQ(read_value(R"(V="")"), "");
}

TEST(EnvFile, MayBeASharedOrForeignOne) {
    EXPECT_EQ(read_value("export V=a"), "a");
    EXPECT_EQ(read_value("\xEF\xBB\xBFV=a\r\nW=b\r\n"), "a");
    EXPECT_EQ(read_value("V=a\nV=b\n"), "b");
    EXPECT_EQ(read_value("server.port=80\nmy-name=x\nKEY=\"-----BEGIN\nV=b\n\"\nV=a"), "a");
    EXPECT_EQ(read_value("V=\"a\r\nb\"\r\n"), "a\nb");
}

TEST(EnvFile, ThatCannotBeReadNamesItsLine) {
    const std::vector<std::pair<std::string, std::string>> broken = {
        {"A=1\njust text\n", ".env line 2: expected NAME=value"},
        {"=1\n", ".env line 1: expected NAME=value"},
        {"\n\nV='a\n", ".env line 3: V: the quote is not closed"},
        {"K=\"1\n2\"\nV=\"a\" b\n", ".env line 3: V: text after the closing quote"}};
    for (const auto& [text, expected] : broken) {
        const std::string message = load_error({}, text);
        EXPECT_TRUE(message.ends_with(expected)) << message;
    }
}

TEST(EnvFile, MayBeAbsentButNotAFolder) {
    const TemporaryFolder folder;
    EXPECT_TRUE(read_env_file(folder.path() / ".env").empty());
    EXPECT_THROW(read_env_file(folder.path()), InvalidArgument);
}

}  // namespace
}  // namespace rapport
