#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "rapport/conversation/agents.hpp"
#include "rapport/core/error.hpp"

namespace rapport::eval {

/// Of a recording that does not hold what is asked. The message names conversation, turn and agent.
class NotRecorded : public InvalidArgument {
  public:
    using InvalidArgument::InvalidArgument;
};

/// The lead of a golden conversation in a run, which recordings find again.
std::string golden_lead_id(const std::string& conversation, std::size_t run);

/// Agents that ask `agents` and write each answer to a new file, a line of JSON each, as soon as it
/// is there. `name` says who they are. Throws InvalidArgument where the file is there already or
/// cannot be written.
Agents recording_agents(const Agents& agents, const std::string& name,
                        const std::filesystem::path& file);

struct RecordedAgents {
    Agents agents;
    std::string name;
};

/// Agents that answer as the recording says, and throw NotRecorded where it does not, or where the
/// lead said something else then. Throws InvalidArgument for a file that cannot be read, and
/// InvalidDocument that names file and line for one that is no recording.
RecordedAgents replaying_agents(const std::filesystem::path& file);

}  // namespace rapport::eval
