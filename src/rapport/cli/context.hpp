#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "rapport/conversation/agents.hpp"
#include "rapport/core/time.hpp"
#include "rapport/repository/database_manager.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"
#include "rapport/repository/personal_data.hpp"
#include "rapport/repository/settings.hpp"

namespace rapport::cli {

/// The program's exit codes; `rapport --help` lists them.
enum ExitCode : int {
    kOk = 0,
    kDataProblem = 1,
    kSomethingToDo = 1,
    kUsage = 2,
    kNoDatabase = 3,
    kNotFound = 4,
    kConflict = 5,
    kInterrupted = 130,  ///< 128 and the number of SIGINT, as shells have it
};

/// What was asked for does not exist.
class NotFound : public std::runtime_error {
  public:
    using runtime_error::runtime_error;
};

/// For a person of whom there is neither a lead nor a message.
NotFound nothing_held(const std::string& phone);

/// What every command shares: the global options, the settings and the database.
class Context {
  public:
    std::string db{};  ///< --db as given
    bool json = false;
    int exit_code = kOk;

    /// Reads the settings and starts logging. Throws InvalidArgument.
    void load();
    const LoadedSettings& settings() const { return settings_; }
    DatabaseUrl database_url() const;

    /// Connects to a database that is there. Throws Unavailable where there is none.
    void connect();
    /// Connects, making the database and its indexes where they are missing.
    void connect_to_write();

    DatabaseManager& manager() { return *manager_; }
    LeadRepository leads();
    MessageRepository messages();
    PersonalData personal_data();
    AuditLog audit();
    /// Those the settings choose: of rules, or of a model.
    Agents agents();
    /// Those of rules, whatever the settings choose. No database is needed.
    Agents rules() const;
    /// Throws NotFound for a number that no lead has.
    Lead require_lead(const std::string& phone);

  private:
    LoadedSettings settings_{};
    std::unique_ptr<DatabaseManager> manager_;
};

/// Reads ISO 8601. Throws InvalidArgument that names the option.
Timestamp parse_time(const std::string& option, const std::string& text);

/// Checks the value of an option: says what is wrong with an empty one, as a script gives whose
/// variable is not set.
std::string refuse_empty(const std::string& value);

/// Each adds its command to the program.
void add_import(CLI::App& program, Context& context);
void add_leads(CLI::App& program, Context& context);
void add_lead(CLI::App& program, Context& context);
void add_handoff(CLI::App& program, Context& context);
void add_history(CLI::App& program, Context& context);
void add_stats(CLI::App& program, Context& context);
void add_pipeline(CLI::App& program, Context& context);
void add_export(CLI::App& program, Context& context);
void add_erase(CLI::App& program, Context& context);
void add_backup(CLI::App& program, Context& context);
void add_restore(CLI::App& program, Context& context);
void add_compact(CLI::App& program, Context& context);
void add_copy(CLI::App& program, Context& context);
void add_retain(CLI::App& program, Context& context);
void add_repair(CLI::App& program, Context& context);
void add_doctor(CLI::App& program, Context& context);
void add_indexes(CLI::App& program, Context& context);
void add_migrate(CLI::App& program, Context& context);
void add_chat(CLI::App& program, Context& context);
void add_replay(CLI::App& program, Context& context);
void add_eval(CLI::App& program, Context& context);
void add_config(CLI::App& program, Context& context);

}  // namespace rapport::cli
