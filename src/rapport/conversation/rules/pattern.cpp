#include "rapport/conversation/rules/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rapport/conversation/rules/folded_text.hpp"
#include "rapport/core/error.hpp"

namespace rapport::rules {
namespace {

using Kind = PatternStep::Kind;
using Steps = std::vector<PatternStep>;
using Ways = std::vector<Steps>;

constexpr std::size_t kMaxWays = 4'096;
constexpr std::ptrdiff_t kMaxGaps = 3;

void append_each(Ways& ways, const Ways& tails) {
    Ways longer;
    longer.reserve(ways.size() * tails.size());
    for (const Steps& way : ways) {
        for (const Steps& tail : tails) {
            longer.push_back(way);
            longer.back().insert(longer.back().end(), tail.begin(), tail.end());
        }
    }
    if (longer.size() > kMaxWays) {
        throw InvalidArgument(fmt::format(
            "can be said in more than {} ways; split it into several patterns", kMaxWays));
    }
    ways = std::move(longer);
}

class PatternParser {
  public:
    PatternParser(std::string_view pattern, const WordSets& sets) : rest_(pattern), sets_(sets) {}

    Ways run() {
        Ways ways = sequence("");
        for (const Steps& way : ways) check(way);
        return ways;
    }

  private:
    /// Reads up to one of `closers`, which it leaves, or to the end where there are none.
    Ways sequence(std::string_view closers) {
        Ways ways{Steps{}};
        for (;;) {
            rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
            if (rest_.empty()) {
                if (closers.empty()) return ways;
                throw InvalidArgument(fmt::format("a {} is missing", closers.back()));
            }
            const char next = rest_.front();
            if (closers.find(next) != std::string_view::npos) return ways;
            if (next == '(' || next == '[') {
                append_each(ways, choice(next));
            } else {
                append_each(ways, step(next_piece()));
            }
        }
    }

    Ways choice(char opener) {
        const std::string_view closers = opener == '(' ? "|)" : "|]";
        Ways all;
        if (opener == '[') all.emplace_back();
        do {
            rest_.remove_prefix(1);
            const Ways ways = sequence(closers);
            all.insert(all.end(), ways.begin(), ways.end());
        } while (rest_.front() == '|');
        rest_.remove_prefix(1);
        return all;
    }

    std::string_view next_piece() {
        const std::size_t end = std::min(rest_.find_first_of(" ()[]|"), rest_.size());
        if (end == 0) {
            throw InvalidArgument(fmt::format("there is a {} too many", rest_.front()));
        }
        const std::string_view piece = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return piece;
    }

    Ways step(std::string_view piece) const {
        static constexpr std::pair<std::string_view, Kind> kNamed[] = {
            {"*", Kind::kGap},           {"...", Kind::kRest},        {"<", Kind::kMessageStart},
            {">", Kind::kMessageEnd},    {"^", Kind::kSentenceStart}, {"{word}", Kind::kAnyWord},
            {"{number}", Kind::kNumber}, {"{money}", Kind::kMoney},
        };
        for (const auto& [name, kind] : kNamed) {
            if (piece == name) return {{{kind, ""}}};
        }
        if (piece.front() == '{') {
            throw InvalidArgument(fmt::format(
                "{} is no placeholder; there are {{word}}, {{number}} and {{money}}", piece));
        }
        if (piece.front() == '@') return set(piece.substr(1));
        return {words(piece)};
    }

    Ways set(std::string_view name) const {
        const auto found = sets_.find(name);
        if (found == sets_.end()) {
            throw InvalidArgument(fmt::format("there is no set @{}; add it under [sets]", name));
        }
        Ways ways{{{Kind::kSet, std::string(name)}}};
        for (const std::string& member : found->second) {
            Steps steps = words(member);
            if (steps.size() > 1) ways.push_back(std::move(steps));
        }
        return ways;
    }

    /// Words as a message would hold them, so that `don't` and `top-up` may be written as they are.
    static Steps words(std::string_view written) {
        const bool prefix = written.ends_with('~');
        const FoldedText text = fold(prefix ? written.substr(0, written.size() - 1) : written);
        Steps steps;
        for (std::size_t i = 0; i < text.tokens.size(); ++i) {
            steps.push_back({Kind::kWord, std::string(text.spelling(i))});
        }
        if (steps.empty()) {
            throw InvalidArgument(fmt::format("\"{}\" holds no word; leave it out", written));
        }
        if (prefix) steps.back().kind = Kind::kPrefix;
        return steps;
    }

    static void check(const Steps& way) {
        const auto is_zero_width = [](const PatternStep& step) {
            return step.kind == Kind::kMessageStart || step.kind == Kind::kMessageEnd ||
                   step.kind == Kind::kSentenceStart;
        };
        const auto is_open = [](const PatternStep& step) {
            return step.kind == Kind::kGap || step.kind == Kind::kRest;
        };
        const auto first = std::find_if_not(way.begin(), way.end(), is_zero_width);
        if (first == way.end()) throw InvalidArgument("holds no word; leave it out");
        if (is_open(*first)) {
            throw InvalidArgument("starts with a gap; a pattern is found by its first word");
        }
        if (way.back().kind == Kind::kGap) {
            throw InvalidArgument("ends with *, which adds nothing; leave it out or write ...");
        }
        if (std::count_if(way.begin(), way.end() - 1, is_open) > kMaxGaps ||
            std::any_of(way.begin(), way.end() - 1,
                        [](const PatternStep& step) { return step.kind == Kind::kRest; })) {
            throw InvalidArgument("has more than three *, or ... before its end; split it");
        }
    }

    std::string_view rest_;
    const WordSets& sets_;
};

}  // namespace

std::vector<std::vector<PatternStep>> parse_pattern(std::string_view pattern,
                                                    const WordSets& sets) {
    try {
        return PatternParser(pattern, sets).run();
    } catch (const InvalidArgument& error) {
        throw InvalidArgument(fmt::format("pattern \"{}\" {}", pattern, error.what()));
    }
}

}  // namespace rapport::rules
