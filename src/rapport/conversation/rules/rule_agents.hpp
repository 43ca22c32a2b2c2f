#pragma once

#include <filesystem>
#include <memory>

#include "rapport/conversation/agents.hpp"

namespace rapport {

namespace rules {
struct Tables;
}

/// What the rule agents go by: patterns, replies and facts of the product, in Spanish and English.
/// Cheap to copy.
class RuleTables {
  public:
    explicit RuleTables(std::shared_ptr<const rules::Tables> tables);
    const std::shared_ptr<const rules::Tables>& get() const { return tables_; }

  private:
    std::shared_ptr<const rules::Tables> tables_;
};

/// The tables of `config/` as they were when the library was built. Read at the first call.
RuleTables built_in_rule_tables();

/// The same files from a folder, an edited copy of `config/`; those that it does not have are as
/// they were built in. Throws InvalidArgument that names the file, the line and the key, what is
/// wrong, and what to write.
RuleTables load_rule_tables(const std::filesystem::path& folder);

/// Agents that need no network and answer at once, the same to the same conversation. They may be
/// shared by threads. docs/agents.md says what they understand.
Agents rule_agents(const RuleTables& tables);

}  // namespace rapport
