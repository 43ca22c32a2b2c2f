#include "rapport/domain/phone_number.hpp"

#include <fmt/format.h>
#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr int kNorthAmerica = 1;
constexpr int kMexico = 52;
constexpr int kBrazil = 55;
constexpr int kBenin = 229;

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
PhoneNumber apply_country_rules(const PhoneNumber& number) {
    const std::string digits = national(number);
    std::optional<PhoneNumber> changed;
    if (number.country_code() == kMexico) {
        if (digits.size() == 11 && digits.starts_with('1')) {
            changed = with_national(kMexico, digits.substr(1));
        } else if (digits.size() == 13 &&
                   (digits.starts_with("044") || digits.starts_with("045"))) {
            changed = with_national(kMexico, digits.substr(3));
        }
    } else if (number.country_code() == kBrazil && digits.size() == 10 && digits[0] != '0' &&
               digits[2] >= '6') {
        changed = with_national(kBrazil, digits.substr(0, 2) + '9' + digits.substr(2));
    } else if (number.country_code() == kBenin && digits.size() == 8) {
        changed = with_national(kBenin, "01" + digits);
    }
    return changed.value_or(number);
}

/// What `text` says to someone in `region`; "ZZ" is nowhere, so that only a country code counts.
std::optional<PhoneNumber> read(const std::string& text, const std::string& region) {
    auto number = parse(text, region);
    if (number) number = apply_country_rules(*number);
    return number;
}

/// What `text` says when its first digits are a country code whose plus was left out, as in
/// WhatsApp's ids; absent when it holds more than digits and what groups them.
std::optional<PhoneNumber> read_without_plus(const std::string& text) {
    constexpr std::string_view kGrouping = " -.()/";
    constexpr std::string_view kFullWidthPlus = "\uFF0B";
    const auto groups_digits = [&](char c) {
        return is_digit(c) || kGrouping.find(c) != std::string_view::npos ||
               static_cast<unsigned char>(c) >= 0x80;
    };
    if (!std::ranges::all_of(text, groups_digits)) return std::nullopt;
    if (text.find(kFullWidthPlus) != std::string::npos) return std::nullopt;
    std::string digits = text;
    library().NormalizeDigitsOnly(&digits);
    return read("+" + digits, "ZZ");
}

bool is_in_plan(const std::optional<PhoneNumber>& number) {
    if (!number) return false;
    const std::string digits = national(*number);
    switch (number->country_code()) {
        // Mexico opens areas every year and Benin's plan is of 2024: the metadata of 2022 knows
        // neither, but one shape holds for all numbers of each.
        case kMexico:
            return digits.size() == 10 && digits[0] >= '2';
        case kBenin:
            return digits.size() == 10 && digits.starts_with("01");
        default:
            return library().IsValidNumber(*number);
    }
}

/// What must do for a number outside every range we know.
bool has_possible_length(const std::optional<PhoneNumber>& number) {
    if (!number) return false;
    const std::string digits = national(*number);
    const bool is_placeholder = digits.find_first_not_of(digits[0]) == std::string::npos;
    if (is_placeholder) return false;
    // Left-over prefixes would be cut off next time: one number must not have two spellings.
    const auto again = read(e164(*number), "ZZ");
    if (!again || e164(*again) != e164(*number)) return false;
    switch (number->country_code()) {
        case kMexico:
        case kBenin:
            return digits.size() == 10;
        default:
            return library().IsPossibleNumberWithReason(*number) == PhoneNumberUtil::IS_POSSIBLE;
    }
}

/// The likeliest reading of `text`.
std::optional<PhoneNumber> find_number(const std::string& text, const std::string& region) {
    auto at_home = read(text, region);
    auto abroad = read_without_plus(text);
    const int abroad_code = abroad ? abroad->country_code() : 0;
    // No Mexican number begins with a 1, but the library drops one as the trunk prefix it once was.
    if (region == "MX" && abroad_code == kNorthAmerica && is_in_plan(abroad)) return abroad;
    if (is_in_plan(at_home)) return at_home;
    if (is_in_plan(abroad)) return abroad;
    // Numbering plans grow faster than metadata: refusing what it does not know would lose people.
    const bool names_home = abroad && abroad_code == library().GetCountryCodeForRegion(region);
    if (names_home && has_possible_length(abroad)) return abroad;
    if (has_possible_length(at_home)) return at_home;
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

namespace {

/// The numbers last read: reading one takes longer than finding its lead does, and the same people
/// write again and again. Thread-safe and of bounded size.
class ReadNumbers {
  public:
    std::optional<std::string> find(const std::string& key) const {
        const std::scoped_lock lock(mutex_);
        const auto known = numbers_.find(key);
        if (known == numbers_.end()) return std::nullopt;
        return known->second;
    }
    void remember(std::string key, const std::string& number) {
        constexpr std::size_t kMost = 65'536;
        const std::scoped_lock lock(mutex_);
        if (numbers_.size() >= kMost) numbers_.clear();
        numbers_.emplace(std::move(key), number);
    }

  private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::string> numbers_;
};

/// A Mexican number in its one spelling: nothing is left to be read. The commonest of all inputs,
/// and reading one takes longer than decoding its lead.
bool is_normal_mexican(std::string_view typed) {
    constexpr std::size_t kLength = 13;
    return typed.size() == kLength && typed.starts_with("+52") && typed[3] >= '2' &&
           all_digits(typed.substr(3));
}

std::string read_phone(std::string_view typed, std::string_view default_region) {
    constexpr std::size_t kLongest = 250;  // libphonenumber's own limit
    if (typed.size() > kLongest || !is_valid_utf8(typed)) refuse(typed, "not a phone number");
    const std::string_view bare = without_whatsapp_server(typed);
    const bool is_address = bare.size() != typed.size();
    const std::string text = is_address ? fmt::format("+{}", bare) : std::string(bare);

    const auto number = find_number(text, std::string(default_region));
    if (!number) {
        refuse(typed, is_known_region(default_region)
                          ? fmt::format("no such number in {}", default_region)
                          : "no country code");
    }
    return e164(*number);
}

}  // namespace

std::string normalize_phone(std::string_view typed, std::string_view default_region) {
    if (is_normal_mexican(typed)) return std::string(typed);
    static ReadNumbers known;
    std::string key = fmt::format("{} {}", default_region, typed);
    if (auto number = known.find(key)) return std::move(*number);
    std::string number = read_phone(typed, default_region);
    known.remember(std::move(key), number);
    return number;
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
    constexpr std::size_t kBeninese = 14;   // +229 01 and eight digits
    const std::string number(lead_id);
    if (number.starts_with("+52") && number.size() == kMexican) return {"+521" + number.substr(3)};
    if (number.starts_with("+549") && number.size() == kArgentine) {
        return {"+54" + number.substr(4)};
    }
    // Before 2 to 5 the 9 is part of the number: without it, it is somebody's landline.
    if (number.starts_with("+55") && number.size() == kBrazilian && number[5] == '9' &&
        number[6] >= '6') {
        return {number.substr(0, 5) + number.substr(6)};
    }
    if (number.starts_with("+22901") && number.size() == kBeninese) {
        return {"+229" + number.substr(6)};
    }
    return {};
}

}  // namespace rapport
