#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rapport/channel/conversation_jsonl.hpp"
#include "rapport/channel/export_file.hpp"
#include "rapport/channel/whatsapp_export.hpp"
#include "rapport/cli/export_import.hpp"
#include "rapport/domain/message.hpp"

namespace rapport::cli {

struct ImportOptions {
    std::vector<std::string> files{};
    std::optional<InputFormat> format{};  ///< absent: by content
    std::string lead{};
    std::string me{};
    MessageRole me_role = MessageRole::kHuman;
    std::string timezone{};
    DateOrder date_order = DateOrder::kAuto;
    bool dry_run = false;
    bool keep_going = false;
    bool restore_erased = false;
    std::string by{};  ///< who restores, for the audit
    std::string default_region{};
    std::vector<std::string> of_chats{};  ///< given options that only a WhatsApp export has use for
};

struct ImportProblem {
    std::string file;
    std::int64_t line;  ///< 0: the whole file
    std::string reason;
};

/// Where the messages of each lead stand in a JSONL file, which need not fit into memory.
struct JsonlIndex {
    struct OfLead {
        std::int64_t messages = 0;          ///< that can be stored
        std::vector<std::int64_t> lines{};  ///< where those begin that are the lead's, in bytes
    };
    std::map<std::string, OfLead> leads{};
    std::vector<JsonlProblem> problems{};
    std::int64_t records = 0;
};

/// A file as it was read.
struct ParsedFile {
    std::string file;
    InputFormat format = InputFormat::kWhatsApp;
    WhatsAppExport whatsapp{};
    /// Of JSONL that is to be stored and lies in a file as it is, the index; else the messages.
    JsonlConversations jsonl{};
    std::optional<JsonlIndex> index{};
    CheckedExport exported{};
    std::size_t replaced_bytes = 0;
    std::string name_in_archive{};  ///< of the chat in a `.zip`, else empty

    std::int64_t records() const;
};

/// The messages of one lead, in the order of their file. They have deterministic ids, so that a
/// message is the same one whenever it is imported.
struct LeadMessages {
    std::optional<std::string> full_name{};
    std::int64_t count = 0;
    /// The next ones, at most so many; none at the end. Throws InvalidArgument where the file has
    /// changed since it was planned.
    std::function<std::vector<Message>(std::size_t most)> next{};
};
using MessagesByLead = std::map<std::string, LeadMessages>;

/// Throws InvalidArgument that names the file: it cannot be read, holds no message of a chat, or is
/// a pipe that had to be read twice.
ParsedFile parse_file(const std::string& file, const ImportOptions& options);

/// Decides whose messages a WhatsApp export's or a JSONL file's are. Records that cannot be stored
/// become problems; throws InvalidArgument when nothing of the file can be: a group chat, or no way
/// to tell who is who. The plan refers to both for as long as it is used.
MessagesByLead plan_file(const ParsedFile& parsed, const ImportOptions& options,
                         std::vector<ImportProblem>& problems);

}  // namespace rapport::cli
