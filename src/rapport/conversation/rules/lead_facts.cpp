#include "rapport/conversation/rules/lead_facts.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "rapport/conversation/rules/folded_text.hpp"

namespace rapport::rules {
namespace {

constexpr std::size_t kMaxNameBytes = 24;
constexpr std::size_t kMaxDigits = 12;
constexpr std::string_view kSeats = "seats: ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// One word of letters; no punctuation that could be markup or a link.
bool is_name(std::string_view text) {
    if (text.size() < 2 || text.size() > kMaxNameBytes) return false;
    const FoldedText folded = fold(text);
    return folded.tokens.size() == 1 && folded.tokens[0].kind == Token::Kind::kWord &&
           folded.tokens[0].end == text.size() && folded.tokens[0].begin == 0;
}

std::optional<std::string> first_name(const Lead& lead) {
    if (!lead.full_name) return std::nullopt;
    const std::string_view name(*lead.full_name);
    const std::string_view first = name.substr(0, name.find(' '));
    return is_name(first) ? std::optional(std::string(first)) : std::nullopt;
}

std::optional<std::string> seats(const Signal& signal) {
    const std::string_view value(signal.extracted_value);
    if (!value.starts_with(kSeats)) return std::nullopt;
    const std::string_view digits = value.substr(kSeats.size());
    if (digits.empty() || digits.size() > kMaxDigits) return std::nullopt;
    if (!std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
    return std::string(digits);
}

std::string with_thousands(std::string_view digits) {
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

/// Amount and currency; how often it is paid depends on the language and is left out.
std::optional<std::string> budget(const Signal& signal) {
    std::string_view value(signal.extracted_value);
    value = value.substr(0, value.find('/'));
    const auto end = std::find_if_not(value.begin(), value.end(), is_digit);
    const auto digits = static_cast<std::size_t>(end - value.begin());
    const std::string_view currency = value.substr(digits);
    const bool code = currency.size() == 4 && currency.front() == ' ' &&
                      std::all_of(currency.begin() + 1, currency.end(),
                                  [](char c) { return c >= 'A' && c <= 'Z'; });
    if (digits == 0 || digits > kMaxDigits || !code) return std::nullopt;
    return with_thousands(value.substr(0, digits)) + std::string(currency);
}

}  // namespace

Facts lead_facts(const Lead& lead, const Classification& classification) {
    Facts facts;
    if (const auto name = first_name(lead)) facts["lead"] = *name;
    const auto learn = [&](const std::vector<Signal>& signals) {
        for (const Signal& signal : signals) {
            if (const auto count = seats(signal)) facts["seats"] = *count;
            if (signal.dimension != SignalDimension::kBudget) continue;
            if (const auto amount = budget(signal)) facts["budget"] = *amount;
        }
    };
    learn(lead.signals);
    learn(classification.new_signals);
    return facts;
}

}  // namespace rapport::rules
