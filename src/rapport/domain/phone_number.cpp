#include "rapport/domain/phone_number.hpp"

#include <fmt/format.h>
#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr int kMexico = 52;
constexpr int kBrazil = 55;

const PhoneNumberUtil& library() {
    static const PhoneNumberUtil& util = []() -> const PhoneNumberUtil& {
        PhoneNumberUtil* instance = PhoneNumberUtil::GetInstance();
        instance->SetLogger(new i18n::phonenumbers::NullLogger());  // owned by the instance
        return *instance;
    }();
    return util;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

[[noreturn]] void refuse(std::string_view typed, std::string_view why) {
    throw InvalidArgument(
        fmt::format("phone number {}: {}; write it with its country code, e.g. +52 55 1234 5678",
                    mask_phone(typed), why));
}

/// WhatsApp addresses people as `number[:device]@server`; groups and hidden ids are no numbers.
std::string_view without_whatsapp_server(std::string_view typed) {
    const std::size_t at = typed.find('@');
    if (at == std::string_view::npos) return typed;
    const std::string_view server = typed.substr(at + 1);
    std::string_view user = typed.substr(0, at);
    user = user.substr(0, user.find(':'));
    if ((server != "s.whatsapp.net" && server != "c.us") || !all_digits(user)) {
        refuse(typed, "an address that is no WhatsApp number");
    }
    return user;
}

std::optional<PhoneNumber> parse(const std::string& text, const std::string& region) {
    PhoneNumber number;
    if (library().Parse(text, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR) {
        return std::nullopt;
    }
    return number;
}

std::string e164(const PhoneNumber& number) {
    std::string text;
    library().Format(number, PhoneNumberUtil::E164, &text);
    return text;
}

std::string national(const PhoneNumber& number) {
    std::string text;
    library().GetNationalSignificantNumber(number, &text);
    return text;
}

std::optional<PhoneNumber> with_national(int country, const std::string& digits) {
    return parse(fmt::format("+{}{}", country, digits), "ZZ");
}

/// The rules that WhatsApp needs and libphonenumber does not have.
PhoneNumber apply_country_rules(PhoneNumber number) {
    const std::string digits = national(number);
    std::optional<PhoneNumber> changed;
    if (number.country_code() == kMexico) {
        if (digits.size() == 11 && digits.starts_with('1')) {
            changed = with_national(kMexico, digits.substr(1));
        } else if (digits.size() == 13 &&
                   (digits.starts_with("044") || digits.starts_with("045"))) {
            changed = with_national(kMexico, digits.substr(3));
        }
    } else if (number.country_code() == kBrazil && digits.size() == 10 && digits[2] >= '6') {
        changed = with_national(kBrazil, digits.substr(0, 2) + '9' + digits.substr(2));
    }
    return changed.value_or(number);
}

/// The number that `text` is at home or, when it is digits that make none there, with its country
/// code in front.
std::optional<PhoneNumber> find_number(const std::string& text, const std::string& region) {
    auto at_home = parse(text, region);
    if (at_home) *at_home = apply_country_rules(*at_home);
    if (at_home && library().IsValidNumber(*at_home)) return at_home;
    if (all_digits(text)) {
        auto abroad = parse("+" + text, "ZZ");
        if (abroad) *abroad = apply_country_rules(*abroad);
        if (abroad && library().IsValidNumber(*abroad)) return abroad;
    }
    // Numbering plans grow faster than metadata: a possible length must do.
    if (at_home && library().IsPossibleNumberWithReason(*at_home) == PhoneNumberUtil::IS_POSSIBLE) {
        return at_home;
    }
    return std::nullopt;
}

}  // namespace

std::string mask_phone(std::string_view number) {
    std::string digits;
    for (const char c : number) {
        if (is_digit(c)) digits += c;
    }
    return "…" + (digits.size() > 4 ? digits.substr(digits.size() - 4) : std::string());
}

bool is_known_region(std::string_view region) {
    std::set<std::string> regions;
    library().GetSupportedRegions(&regions);
    return regions.contains(std::string(region));
}

std::string normalize_phone(std::string_view typed, std::string_view default_region) {
    constexpr std::size_t kLongest = 250;  // libphonenumber's own limit
    if (typed.size() > kLongest || !is_valid_utf8(typed)) refuse(typed, "not a phone number");
    const std::string_view bare = without_whatsapp_server(typed);
    const bool is_address = bare.size() != typed.size();
    const std::string text = is_address ? fmt::format("+{}", bare) : std::string(bare);

    const auto number = find_number(text, std::string(default_region));
    if (!number) refuse(typed, fmt::format("no such number in {}", default_region));
    return e164(*number);
}

std::string normalize_lead_id(std::string_view typed, std::string_view default_region) {
    if (!typed.starts_with("wa:") && !typed.starts_with("ext:")) {
        return normalize_phone(typed, default_region);
    }
    constexpr std::size_t kLongest = 256;
    const std::string_view id = typed.substr(typed.find(':') + 1);
    const bool has_control = std::ranges::any_of(
        typed, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (id.empty() || typed.size() > kLongest || has_control || !is_valid_utf8(typed)) {
        throw InvalidArgument(
            "lead_id: expected wa: or ext: and an id of at most 256 bytes without control "
            "characters");
    }
    return std::string(typed);
}

std::vector<std::string> legacy_spellings(std::string_view lead_id) {
    constexpr std::size_t kMexican = 13;    // +52 and ten digits
    constexpr std::size_t kArgentine = 14;  // +54 9 and ten digits
    constexpr std::size_t kBrazilian = 14;  // +55, two digits of area, 9 and eight digits
    const std::string number(lead_id);
    if (number.starts_with("+52") && number.size() == kMexican) return {"+521" + number.substr(3)};
    if (number.starts_with("+549") && number.size() == kArgentine)
        return {"+54" + number.substr(4)};
    if (number.starts_with("+55") && number.size() == kBrazilian && number[5] == '9') {
        return {number.substr(0, 5) + number.substr(6)};
    }
    return {};
}

}  // namespace rapport
