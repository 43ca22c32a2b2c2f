#include "rapport/cli/show.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "rapport/cli/terminal.hpp"

namespace rapport::cli {
namespace {

Colour colour_of(MessageRole role) {
    switch (role) {
        case MessageRole::kLead:
            return Colour::kCyan;
        case MessageRole::kAssistant:
            return Colour::kGreen;
        case MessageRole::kHuman:
            return Colour::kYellow;
        case MessageRole::kSystem:
            break;
    }
    return Colour::kDim;
}

/// In lines that fit the terminal beside an indent; a script gets them as they are.
std::vector<std::string> lines_beside(std::size_t indent, std::string_view text) {
    return wrapped(text, isatty(STDOUT_FILENO) != 0 ? terminal_width() - indent : text.npos);
}

void print_field(std::string_view name, const std::string& value) {
    constexpr std::size_t kName = 18;
    std::string label = fmt::format("{:<{}}", name, kName);
    for (const std::string& line : lines_beside(kName + 1, value)) {
        fmt::print("{} {}\n", coloured(label, Colour::kDim), line);
        label.assign(kName, ' ');
    }
}

void print_signal(std::string_view dimension, const std::optional<Signal>& signal) {
    if (!signal) return;
    print_field(dimension, fmt::format("{} (confidence {:.2f})", signal->extracted_value,
                                       signal->confidence.value));
}

std::string show_handoff(const Lead& lead) {
    std::string text(enum_to_string(lead.handoff_status));
    if (lead.handoff_assigned_to) text += " to " + *lead.handoff_assigned_to;
    if (lead.handoff_requested_at) {
        text += lead.handoff_status == HandoffStatus::kRequested ? " " : ", requested ";
        text += show_time(*lead.handoff_requested_at);
    }
    if (lead.handoff_reason) text += ": " + *lead.handoff_reason;
    return text;
}

}  // namespace

std::string show_time(Timestamp time) {
    std::string text = to_iso8601(time).substr(0, 16);
    text[10] = ' ';
    return text;
}

void print_leads(const std::vector<Lead>& leads) {
    using enum Table::Align;
    Table table({"lead", "name", "stage", "messages", "last (UTC)", "follow-up"},
                {kLeft, kLeft, kLeft, kRight, kLeft, kLeft});
    for (const Lead& lead : leads) {
        table.add({lead.lead_id, lead.full_name.value_or(""),
                   std::string(short_name(lead.current_stage)), fmt::to_string(lead.message_count),
                   show_time(lead.last_interaction_at),
                   lead.next_followup_at ? show_time(*lead.next_followup_at) : ""});
    }
    table.print();
}

void print_lead(const Lead& lead) {
    fmt::print("{}\n", coloured(lead.lead_id, Colour::kBold));
    if (lead.full_name) print_field("name", *lead.full_name);
    print_field("stage", std::string(short_name(lead.current_stage)));
    print_field("messages", fmt::to_string(lead.message_count));
    print_field("last interaction", show_time(lead.last_interaction_at) + " UTC");
    if (lead.next_followup_at) {
        print_field("next follow-up", show_time(*lead.next_followup_at) + " UTC");
    }
    print_field("handoff", show_handoff(lead));
    print_field("known since", show_time(lead.created_at) + " UTC");
    const BantSummary bant = lead.bant_summary();
    print_signal("budget", bant.budget);
    print_signal("authority", bant.authority);
    print_signal("need", bant.need);
    print_signal("timeline", bant.timeline);
}

void print_messages(const std::vector<Message>& messages) {
    constexpr std::string_view kIndent = "    ";
    for (const Message& message : messages) {
        fmt::print("{}  {}\n", coloured(show_time(message.timestamp), Colour::kDim),
                   coloured(enum_to_string(message.role), colour_of(message.role)));
        std::string text = message.content;
        if (message.attachment) {
            text = fmt::format("[{}: {}]{}{}", message.attachment->kind, message.attachment->name,
                               text.empty() ? "" : "\n", text);
        }
        for (const std::string& line : lines_beside(kIndent.size(), text))
            fmt::print("{}{}\n", kIndent, line);
    }
}

}  // namespace rapport::cli
