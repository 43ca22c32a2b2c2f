#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/core/filter.hpp"
#include "rapport/core/update.hpp"
#include "rapport/domain/lead.hpp"
#include "rapport/domain/message.hpp"

namespace rapport {

/// What can be wrong with a document that another system wrote.
enum class Defect : std::uint8_t {
    kTextDate,
    kNull,
    kComputed,
    kOtherForm,
    kSpelling,
    kVersion,
    kCount,
    kSeq,
    kNoNumber,
    kUnreadable,
};

constexpr auto enum_names(Defect) {
    using enum Defect;
    return std::to_array<EnumName<Defect>>({
        {kTextDate, "text_dates"},       // a date that is text
        {kNull, "nulls"},                // null instead of nothing
        {kComputed, "computed"},         // a member that is computed from others
        {kOtherForm, "other_forms"},     // another type or a missing member; entries of lists
        {kSpelling, "other_spellings"},  // a number that is not in its one spelling
        {kVersion, "without_version"},   // no lead of ours yet
        {kCount, "miscounted"},          // fewer messages counted than are stored
        {kSeq, "without_seq"},           // a message without its place in the conversation
        {kNoNumber, "no_number"},        // a lead_id that is no number; it stays
        {kUnreadable, "unreadable"},     // does not fit at all; it stays
    });
}

/// How a document is brought to today's form: members to set and to unset, and what must hold of
/// the stored one for that to be right.
struct Correction {
    std::vector<Change> changes{};
    /// What the members to be changed hold now, as far as one value can say it.
    std::vector<FilterNode> unchanged{};
    /// Which defects it removes, and one member that has each.
    std::vector<std::pair<Defect, std::string>> defects{};
    /// Members of other systems, which stay.
    std::vector<std::string> unknown{};

    bool empty() const { return changes.empty(); }
    void note(Defect defect, std::string_view member);
};

/// What documents of a database are to be like.
struct Form {
    /// Members that earlier systems computed from others and stored nevertheless.
    std::set<std::string, std::less<>> computed{"bant_summary", "is_hot"};
    /// True where lists and nested members are kept as JSON, in which dates are text.
    bool nested_dates_are_text = false;
};

/// What turns the stored document into `wanted`, which was read from it. Its other members stay,
/// but for nulls and computed ones.
Correction correct(const Document& stored, const Message& wanted, const Form& form);
Correction correct(const Document& stored, const Lead& wanted, const Form& form);

}  // namespace rapport
