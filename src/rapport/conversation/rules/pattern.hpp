#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rapport::rules {

/// One step of a pattern.
struct PatternStep {
    enum class Kind : std::uint8_t {
        kWord,           ///< this word, folded
        kPrefix,         ///< a word that begins with this: `pric~`
        kSet,            ///< a word of this set: `@problem`
        kAnyWord,        ///< any one word: `{word}`
        kNumber,         ///< `{number}`
        kMoney,          ///< `{money}`
        kMessageStart,   ///< `<`
        kMessageEnd,     ///< `>`
        kSentenceStart,  ///< `^`
        kGap,            ///< up to kMaxGap words of the sentence: `*`
        kRest,           ///< the rest of the sentence, up to kMaxRest words: `...`
    };

    Kind kind = Kind::kWord;
    std::string text{};

    bool operator==(const PatternStep&) const = default;
};

inline constexpr std::size_t kMaxGap = 3;
inline constexpr std::size_t kMaxRest = 8;

/// The word sets of one language, by name. A member may be a word, a `prefix~` or several words.
using WordSets = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Every way in which a pattern can be said: choices `(a|b)` and optional parts `[a|b]` are written
/// out, a set contributes itself and those of its members that are several words. Throws
/// InvalidArgument that says what is wrong with the pattern and what to write instead.
std::vector<std::vector<PatternStep>> parse_pattern(std::string_view pattern, const WordSets& sets);

}  // namespace rapport::rules
