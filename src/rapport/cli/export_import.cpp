#include "rapport/cli/export_import.hpp"

#include <fmt/format.h>

#include "rapport/channel/lead_export.hpp"
#include "rapport/core/error.hpp"

namespace rapport::cli {
namespace {

[[noreturn]] void refuse(const std::string& file, std::string_view what, std::string_view why) {
    throw InvalidArgument(fmt::format("{}: {}: {}", file, what, why));
}

Message read_message(const std::string& file, const Document& document, std::int64_t number) {
    const std::string what = fmt::format("message {}", number);
    try {
        auto message = from_document<Message>(document);
        validate(message);
        return message;
    } catch (const Error& problem) {
        refuse(file, what, problem.what());
    }
}

Lead read_lead(const std::string& file, const Document& rest) {
    for (BsonReader in(rest); !in.at_end();) {
        const BsonElement member = in.next();
        if (member.name() != "lead" || member.type() != BsonType::kDocument) continue;
        try {
            return from_document<Lead>(Document{std::string(member.as_nested())});
        } catch (const Error& problem) {
            refuse(file, "lead", problem.what());
        }
    }
    refuse(file, "lead", "there is none: messages without a lead cannot be taken in again");
}

}  // namespace

ExportedLead check_exported_lead(const std::string& file) {
    LeadExportReader reader(file);
    ExportedLead exported;
    while (const auto message = reader.next()) read_message(file, *message, ++exported.messages);
    exported.lead = read_lead(file, reader.rest());
    return exported;
}

std::int64_t store_exported_lead(PersonalData data, const std::string& file, Lead lead,
                                 PersonalData::RestoreOptions options, MessageProgress progress) {
    LeadExportReader reader(file);
    std::int64_t number = 0;
    const auto next = [&]() -> std::optional<Message> {
        const auto message = reader.next();
        if (!message) return std::nullopt;
        return read_message(file, *message, ++number);
    };
    return await(data.restore_lead(std::move(lead), next, std::move(options), std::move(progress)));
}

}  // namespace rapport::cli
