#include "rapport/cli/import_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iterator>
#include <memory>

#include "rapport/channel/hash.hpp"
#include "rapport/channel/jsonl_file.hpp"
#include "rapport/channel/lead_export.hpp"
#include "rapport/channel/local_clock.hpp"
#include "rapport/cli/chat_dates.hpp"
#include "rapport/cli/chat_sides.hpp"
#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"

namespace rapport::cli {
namespace {

/// The first ones, at most so many.
std::vector<Message> take(std::deque<Message>& messages, std::size_t most) {
    const auto end = messages.begin() + std::min<std::ptrdiff_t>(std::ssize(messages),
                                                                 static_cast<std::ptrdiff_t>(most));
    std::vector<Message> taken(std::make_move_iterator(messages.begin()),
                               std::make_move_iterator(end));
    messages.erase(messages.begin(), end);
    return taken;
}

/// The same message always gets the same id, whatever was stored before.
void identify(Message& message, const std::string& identity) {
    message.id =
        *ObjectId::parse(short_hash({message.lead_id, "import:" + identity}).substr(0, 24));
}

/// Adds a message, or the reason why it cannot be stored.
void add(Message message, const ParsedFile& parsed, std::int64_t line, std::vector<Message>& to,
         std::vector<ImportProblem>& problems) {
    try {
        validate(message);
        to.push_back(std::move(message));
    } catch (const InvalidArgument& problem) {
        problems.push_back({parsed.file, line, problem.what()});
    }
}

LeadMessages held(std::vector<Message> messages) {
    const std::int64_t count = std::ssize(messages);
    return {.count = count,
            .next = [rest = std::deque<Message>(std::make_move_iterator(messages.begin()),
                                                std::make_move_iterator(messages.end()))](
                        std::size_t most) mutable { return take(rest, most); }};
}

MessagesByLead plan_whatsapp(const ParsedFile& parsed, const ImportOptions& options,
                             std::vector<ImportProblem>& problems) {
    // Nobody need be told who is who in messages that may be several in one.
    if (refuse_dates(parsed, options, problems)) return {};
    const auto& records = parsed.whatsapp.records;
    const Sides sides = find_sides(parsed, options);
    const LocalClock clock(options.timezone);
    std::vector<std::string> roles;
    roles.reserve(records.size());
    for (const ExportRecord& record : records) {
        roles.emplace_back(record.system ? "system" : record.author == sides.us ? "us" : "them");
    }
    const auto identities = record_identities(records, roles);
    std::vector<Message> messages;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const ExportRecord& record = records[i];
        Message message;
        message.lead_id = sides.lead_id;
        message.role = record.system      ? MessageRole::kSystem
                       : roles[i] == "us" ? options.me_role
                                          : MessageRole::kLead;
        message.content = record.text;
        message.timestamp = clock.to_utc(record.local_time);
        if (record.attachment) {
            message.attachment = Attachment{record.attachment->kind, record.attachment->name};
        }
        identify(message, identities[i]);
        add(std::move(message), parsed, record.line, messages, problems);
    }
    MessagesByLead plan;
    LeadMessages& lead = plan[sides.lead_id] = held(std::move(messages));
    if (sides.them && !is_phone_author(*sides.them)) lead.full_name = sides.them;
    return plan;
}

/// Throws InvalidArgument where its lead_id is none.
Message to_message(const JsonlMessage& record, const ImportOptions& options) {
    Message message;
    message.lead_id = normalize_lead_id(record.lead_id, options.default_region);
    message.role = *enum_from_string<MessageRole>(record.role);
    message.content = record.text;
    message.timestamp = record.timestamp;
    message.tokens = record.tokens;
    identify(message, record.identity);
    return message;
}

/// Of a line, whose messages are all of one lead.
void add_line(JsonlIndex& index, const JsonlFile::Line& line, const ImportOptions& options) {
    const auto try_to = [&](auto&& action) {
        try {
            action();
        } catch (const InvalidArgument& problem) {
            index.problems.push_back({line.number, problem.what()});
        }
    };
    std::vector<JsonlMessage> records;
    // What is counted from line to line is not needed yet.
    try_to([&] { records = JsonlReader().read(line.number, line.text); });
    index.records += std::ssize(records);
    for (const JsonlMessage& record : records) {
        try_to([&] {
            const Message message = to_message(record, options);
            JsonlIndex::OfLead& lead = index.leads[message.lead_id];
            if (lead.lines.empty() || lead.lines.back() != line.offset) {
                lead.lines.push_back(line.offset);
            }
            validate(message);
            ++lead.messages;
        });
    }
}

/// Reads the messages of one lead again, where they stand.
class IndexedMessages {
  public:
    IndexedMessages(std::string file, std::string lead_id, std::vector<std::int64_t> lines,
                    const ImportOptions& options)
        : name_(std::move(file)),
          lead_id_(std::move(lead_id)),
          lines_(std::move(lines)),
          options_(options),
          file_(name_) {}

    std::vector<Message> next(std::size_t most) {
        while (ready_.size() < most && read_ < lines_.size()) {
            file_.go_to(lines_[read_++]);
            const auto line = file_.next();
            if (!line) refuse();
            for (const JsonlMessage& record : records_of(line->text)) add(record);
        }
        return take(ready_, most);
    }

  private:
    [[noreturn]] void refuse() const {
        throw InvalidArgument(name_ + ": changed while it was imported",
                              "import it again: what is stored is not stored twice");
    }
    std::vector<JsonlMessage> records_of(const std::string& text) {
        try {
            return reader_.read(0, text);
        } catch (const InvalidArgument&) {
            refuse();
        }
    }
    void add(const JsonlMessage& record) {
        Message message = to_message(record, options_);
        if (message.lead_id != lead_id_) refuse();
        try {
            validate(message);
        } catch (const InvalidArgument&) {
            return;  // a problem that is known
        }
        ready_.push_back(std::move(message));
    }

    std::string name_;
    std::string lead_id_;
    std::vector<std::int64_t> lines_;
    ImportOptions options_;
    JsonlFile file_;
    JsonlReader reader_{};
    std::size_t read_ = 0;
    std::deque<Message> ready_{};
};

MessagesByLead plan_index(const ParsedFile& parsed, const ImportOptions& options,
                          std::vector<ImportProblem>& problems) {
    MessagesByLead plan;
    for (const JsonlProblem& problem : parsed.index->problems) {
        problems.push_back({parsed.file, problem.line, problem.reason});
    }
    for (const auto& [lead_id, of_lead] : parsed.index->leads) {
        // A file is open for the lead whose turn it is, and for no other.
        plan[lead_id] = {.count = of_lead.messages,
                         .next = [messages = std::shared_ptr<IndexedMessages>(), &parsed, &options,
                                  &lead_id, &of_lead](std::size_t most) mutable {
                             if (!messages) {
                                 messages = std::make_shared<IndexedMessages>(
                                     parsed.file, lead_id, of_lead.lines, options);
                             }
                             return messages->next(most);
                         }};
    }
    return plan;
}

MessagesByLead plan_jsonl(const ParsedFile& parsed, const ImportOptions& options,
                          std::vector<ImportProblem>& problems) {
    for (const JsonlProblem& problem : parsed.jsonl.problems) {
        problems.push_back({parsed.file, problem.line, problem.reason});
    }
    std::map<std::string, std::vector<Message>> messages;
    for (const JsonlMessage& record : parsed.jsonl.messages) {
        try {
            Message message = to_message(record, options);
            auto& of_lead = messages[message.lead_id];
            add(std::move(message), parsed, record.line, of_lead, problems);
        } catch (const InvalidArgument& problem) {
            problems.push_back({parsed.file, record.line, problem.what()});
        }
    }
    MessagesByLead plan;
    for (auto& [lead_id, of_lead] : messages) plan[lead_id] = held(std::move(of_lead));
    return plan;
}

/// A pipe gives its bytes once. To tell the format takes some of them, and an export is read again
/// when it is stored.
void refuse_what_is_read_twice(const std::string& file, const ImportOptions& options) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    const bool once = std::filesystem::exists(status) &&
                      !std::filesystem::is_regular_file(status) &&
                      !std::filesystem::is_directory(status);
    if (!once) return;
    if (!options.format) {
        throw InvalidArgument(
            fmt::format("{}: a pipe or a device, whose format cannot be told", file),
            "save it to a file first, or give `rapport import` --format whatsapp or jsonl");
    }
    if (options.format == InputFormat::kExport) {
        throw InvalidArgument(
            fmt::format("{}: a pipe or a device, and an export is read twice", file),
            "save it to a file first");
    }
}

}  // namespace

std::int64_t ParsedFile::records() const {
    switch (format) {
        case InputFormat::kWhatsApp:
            return std::ssize(whatsapp.records);
        case InputFormat::kJsonl:
            return index ? index->records : std::ssize(jsonl.messages);
        case InputFormat::kExport:
            break;
    }
    return exported.messages;
}

ParsedFile parse_file(const std::string& file, const ImportOptions& options) {
    refuse_what_is_read_twice(file, options);
    ParsedFile parsed;
    parsed.file = file;
    if (options.format.value_or(InputFormat::kExport) == InputFormat::kExport &&
        (options.format || is_lead_export(file))) {
        parsed.format = InputFormat::kExport;
        parsed.exported = check_exported_lead(file, options.default_region);
        return parsed;
    }
    const bool may_be_jsonl = options.format.value_or(InputFormat::kJsonl) == InputFormat::kJsonl;
    if (may_be_jsonl && !options.dry_run && is_jsonl_file(file)) {
        parsed.format = InputFormat::kJsonl;
        JsonlFile lines(file);
        parsed.index.emplace();
        while (const auto line = lines.next()) add_line(*parsed.index, *line, options);
        parsed.replaced_bytes = lines.replaced_bytes();
        return parsed;
    }
    ExportText read = read_export(file);
    parsed.replaced_bytes = read.replaced_bytes;
    parsed.name_in_archive = std::move(read.name_in_archive);
    parsed.format = options.format.value_or(detect_format(read.text));
    if (parsed.format == InputFormat::kWhatsApp) {
        parsed.whatsapp = parse_whatsapp(read.text, options.date_order);
        if (parsed.whatsapp.records.empty()) refuse_no_message(parsed);
    } else {
        parsed.jsonl = parse_jsonl(read.text);
    }
    return parsed;
}

MessagesByLead plan_file(const ParsedFile& parsed, const ImportOptions& options,
                         std::vector<ImportProblem>& problems) {
    if (parsed.format == InputFormat::kWhatsApp) return plan_whatsapp(parsed, options, problems);
    return parsed.index ? plan_index(parsed, options, problems)
                        : plan_jsonl(parsed, options, problems);
}

}  // namespace rapport::cli
