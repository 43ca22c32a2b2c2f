#include "rapport/cli/export_import.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

#include "rapport/channel/lead_export.hpp"
#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"

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

template <class T>
T read_member(const std::string& file, std::string_view name, const BsonElement& member) {
    try {
        return from_document<T>(Document{std::string(member.as_nested())});
    } catch (const Error& problem) {
        refuse(file, name, problem.what());
    }
}

PersonalData::ExportedLead read_lead(const std::string& file, const Document& rest) {
    PersonalData::ExportedLead exported;
    bool has_lead = false;
    for (BsonReader in(rest); !in.at_end();) {
        const BsonElement member = in.next();
        if (member.name() == "lead" && member.type() == BsonType::kDocument) {
            exported.lead = read_member<Lead>(file, "lead", member);
            has_lead = true;
        } else if (member.name() == "signal_pages" && member.type() == BsonType::kArray) {
            for (BsonReader pages(member.as_nested()); !pages.at_end();) {
                exported.signal_pages.push_back(
                    read_member<SignalPage>(file, "signal_pages", pages.next()));
            }
        }
    }
    if (has_lead) return exported;
    refuse(file, "lead", "there is none: messages without a lead cannot be taken in again");
}

/// Whose the messages are, and which is the first of each: which lead it must be shows at the end.
class Owners {
  public:
    void add(const Message& message, std::int64_t number) {
        first_.try_emplace({message.lead_ref, message.lead_id}, number);
    }
    /// What was left of somebody erased, who had the number, is not looked at: it stays away.
    void require(const std::string& file, const Lead& lead, const std::string& region) const {
        const std::string own = lead_id_of(file, "lead", lead.lead_id, region);
        for (const auto& [owner, number] : first_) {
            const auto& [lead_ref, lead_id] = owner;
            if (lead_ref && *lead_ref != lead.id) continue;
            const std::string what = fmt::format("message {}", number);
            if (lead_id_of(file, what, lead_id, region) == own) continue;
            refuse(file, what, "belongs to another lead than that of the export");
        }
    }

  private:
    static std::string lead_id_of(const std::string& file, std::string_view what,
                                  const std::string& lead_id, const std::string& region) {
        try {
            return normalize_lead_id(lead_id, region);
        } catch (const InvalidArgument& problem) {
            refuse(file, what, problem.what());
        }
    }

    std::map<std::pair<std::optional<ObjectId>, std::string>, std::int64_t> first_{};
};

}  // namespace

CheckedExport check_exported_lead(const std::string& file, const std::string& default_region) {
    LeadExportReader reader(file);
    CheckedExport checked;
    Owners owners;
    while (const auto document = reader.next()) {
        const Message message = read_message(file, *document, ++checked.messages);
        owners.add(message, checked.messages);
    }
    checked.content = read_lead(file, reader.rest());
    owners.require(file, checked.content.lead, default_region);
    return checked;
}

std::int64_t store_exported_lead(PersonalData data, const std::string& file,
                                 PersonalData::ExportedLead exported,
                                 PersonalData::RestoreOptions options, MessageProgress progress) {
    LeadExportReader reader(file);
    std::int64_t number = 0;
    const auto next = [&]() -> std::optional<Message> {
        const auto message = reader.next();
        if (!message) return std::nullopt;
        return read_message(file, *message, ++number);
    };
    return await(
        data.restore_lead(std::move(exported), next, std::move(options), std::move(progress)));
}

}  // namespace rapport::cli
