#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rapport::rules {

/// What placeholders stand for.
using Facts = std::map<std::string, std::string, std::less<>>;

/// A text with placeholders `{name}`. A part in brackets is left out where one of its placeholders
/// is not known: `Hola[ {lead}], ¿en qué te ayudo?`.
class ReplyTemplate {
  public:
    /// Placeholders outside brackets must be in `always`, the others in `always` or `sometimes`.
    /// Throws InvalidArgument that says what is wrong.
    ReplyTemplate(std::string_view text, const Facts& always,
                  const std::set<std::string, std::less<>>& sometimes);

    std::string fill(const Facts& facts) const;

  private:
    struct Piece {
        bool placeholder = false;
        std::string text{};
    };
    struct Part {
        bool optional = false;
        std::vector<Piece> pieces{};
    };

    std::vector<Part> parts_{};
};

}  // namespace rapport::rules
