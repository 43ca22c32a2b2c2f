#include "rapport/conversation/rules/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace rapport::rules {
namespace {

template <class T>
const T* look_up(const WordMap<T>& words, std::string_view word) {
    const auto found = words.find(word);
    return found == words.end() ? nullptr : &found->second;
}

/// A last separator with one or two digits after it is decimal, whatever it is: `1.5`, `1,50`.
double number_of(std::string_view digits) {
    const std::size_t last = digits.find_last_of(".,");
    const bool decimal = last != std::string_view::npos && digits.size() - last <= 3;
    std::string plain;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (digits[i] != '.' && digits[i] != ',') plain += digits[i];
        if (decimal && i == last) plain += '.';
    }
    double value = 0;
    std::from_chars(plain.data(), plain.data() + plain.size(), value);
    return value;
}

std::string number_text_of(double value) {
    if (value == std::floor(value)) return fmt::format("{:.0f}", value);
    std::string text = fmt::format("{:.2f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

class QuantityReader {
  public:
    QuantityReader(std::string_view message, const FoldedText& text, const QuantityWords& words)
        : message_(message), text_(text), words_(words) {}

    std::optional<Quantity> number_at(std::size_t first) const {
        const std::optional<double> value = value_at(first);
        if (!value) return std::nullopt;
        Quantity quantity{.value = *value, .number_tokens = 1};
        while (const double* times =
                   look_up(words_.multipliers, word(first + quantity.number_tokens))) {
            quantity.value *= *times;
            ++quantity.number_tokens;
        }
        return quantity;
    }

    /// Adds what follows the number that ends before `next`: `de pesos al mes`.
    void add_money(Quantity& quantity, std::size_t first, std::size_t next) const {
        const std::size_t of = word(next) == "de" ? 1 : 0;
        if (const std::string* code = look_up(words_.currencies, word(next + of))) {
            quantity.currency = *code;
            next += of + 1;
        }
        if (const std::string* period = look_up(words_.period_adverbs, word(next))) {
            quantity.period = *period;
            ++next;
        } else if (const std::size_t skipped = per_tokens(next);
                   skipped > 0 || slash_before(next)) {
            if (const std::string* noun = look_up(words_.period_nouns, word(next + skipped))) {
                quantity.period = *noun;
                next += skipped + 1;
            }
        }
        const bool large = quantity.value >= kLeastAmountWithoutCurrency;
        if (!quantity.currency.empty() || (!quantity.period.empty() && large)) {
            quantity.money_tokens = next - first;
        }
    }

    /// Signs and codes stand before their amount, `pesos` after it.
    const std::string* currency_before(std::size_t token) const {
        return word(token).size() <= kMaxCodeBytes ? look_up(words_.currencies, word(token))
                                                   : nullptr;
    }

  private:
    static constexpr std::size_t kMaxCodeBytes = 3;

    /// `20 a month` may be anything; `20,000 a month` is what somebody pays.
    static constexpr double kLeastAmountWithoutCurrency = 500;

    std::string_view word(std::size_t token) const {
        return token < text_.tokens.size() ? text_.spelling(token) : std::string_view();
    }

    std::optional<double> value_at(std::size_t token) const {
        if (token >= text_.tokens.size()) return std::nullopt;
        if (text_.tokens[token].kind == Token::Kind::kNumber) return number_of(word(token));
        const double* value = look_up(words_.numbers, word(token));
        return value ? std::optional(*value) : std::nullopt;
    }

    std::size_t per_tokens(std::size_t token) const {
        std::size_t count = 0;
        while (count < 2 && look_up(words_.per, word(token + count))) ++count;
        return count;
    }

    bool slash_before(std::size_t token) const {
        return token > 0 && token < text_.tokens.size() &&
               message_[text_.tokens[token].begin - 1] == '/';
    }

    std::string_view message_;
    const FoldedText& text_;
    const QuantityWords& words_;
};

}  // namespace

std::string Quantity::number_text() const { return number_text_of(value); }

std::string Quantity::money_text() const {
    std::string text = number_text_of(value);
    if (!currency.empty()) text += ' ' + currency;
    if (!period.empty()) text += '/' + period;
    return text;
}

Quantities::Quantities(std::string_view message, const FoldedText& text, const QuantityWords& words)
    : index_(text.tokens.size(), 0) {
    const QuantityReader reader(message, text, words);
    for (std::size_t token = 0; token < text.tokens.size(); ++token) {
        Quantity quantity;
        if (const std::string* currency = reader.currency_before(token)) {
            std::size_t number = token + 1;
            const std::string* more_exact = reader.currency_before(number);  // US$, USD $
            if (more_exact) ++number;
            std::optional<Quantity> amount = reader.number_at(number);
            if (!amount) continue;
            amount->currency = *currency;
            const std::size_t next = number + amount->number_tokens;
            reader.add_money(*amount, token, next);
            amount->number_tokens = 0;
            quantity = std::move(*amount);
        } else if (std::optional<Quantity> amount = reader.number_at(token)) {
            reader.add_money(*amount, token, token + amount->number_tokens);
            quantity = std::move(*amount);
        } else {
            continue;
        }
        found_.push_back(std::move(quantity));
        index_[token] = static_cast<std::uint32_t>(found_.size());
    }
}

}  // namespace rapport::rules
