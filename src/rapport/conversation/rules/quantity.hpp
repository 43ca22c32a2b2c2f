#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/conversation/rules/folded_text.hpp"
#include "rapport/conversation/rules/word_map.hpp"

namespace rapport::rules {

/// The words of numbers and money, folded, of all languages together.
struct QuantityWords {
    WordMap<double> numbers{};          ///< `veinte` → 20
    WordMap<double> multipliers{};      ///< `mil` → 1000
    WordMap<std::string> currencies{};  ///< `pesos` → `MXN`
    /// `monthly` → `month`: after an amount they say how often.
    WordMap<std::string> period_adverbs{};
    /// `month` → `month`: they do so after a `per` or a slash.
    WordMap<std::string> period_nouns{};
    WordMap<bool> per{};  ///< `per`, `al`
};

/// A number in a message, and the money it may be.
struct Quantity {
    double value = 0;
    std::size_t number_tokens = 0;  ///< 0 where it starts with its currency
    std::size_t money_tokens = 0;   ///< 0 where it is no money
    std::string currency{};
    std::string period{};

    /// `20000`, `1.5`
    std::string number_text() const;
    /// `20000 MXN/month`; currency and period as far as they are known.
    std::string money_text() const;
};

/// The quantities of a message, found by the token at which they start.
class Quantities {
  public:
    Quantities(std::string_view message, const FoldedText& text, const QuantityWords& words);

    /// Null where none starts at that token.
    const Quantity* at(std::size_t token) const {
        return token < index_.size() && index_[token] != 0 ? &found_[index_[token] - 1] : nullptr;
    }

  private:
    std::vector<Quantity> found_{};
    std::vector<std::uint32_t> index_{};
};

}  // namespace rapport::rules
