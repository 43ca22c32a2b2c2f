#pragma once

#include <cstdint>
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
};

struct ImportProblem {
    std::string file;
    std::int64_t line;  ///< 0: the whole file
    std::string reason;
};

/// A file as it was read.
struct ParsedFile {
    std::string file;
    InputFormat format = InputFormat::kWhatsApp;
    WhatsAppExport whatsapp{};
    JsonlConversations jsonl{};
    ExportedLead exported{};
    std::size_t replaced_bytes = 0;

    std::size_t records() const {
        return format == InputFormat::kWhatsApp ? whatsapp.records.size()
               : format == InputFormat::kJsonl  ? jsonl.messages.size()
                                                : static_cast<std::size_t>(exported.messages);
    }
};

/// The messages of one lead, in the order of their file. They have deterministic ids, so that a
/// message is the same one whenever it is imported.
struct LeadMessages {
    std::optional<std::string> full_name{};
    std::vector<Message> messages{};
};
using MessagesByLead = std::map<std::string, LeadMessages>;

/// Throws InvalidArgument for a file that cannot be read.
ParsedFile parse_file(const std::string& file, const ImportOptions& options);

/// Decides whose messages a WhatsApp export's or a JSONL file's are. Records that cannot be stored
/// become problems; throws InvalidArgument when nothing of the file can be: a group chat, or no way
/// to tell who is who.
MessagesByLead plan_file(const ParsedFile& parsed, const ImportOptions& options,
                         std::vector<ImportProblem>& problems);

}  // namespace rapport::cli
