#include "rapport/conversation/rules/pattern_trie.hpp"

#include <algorithm>

namespace rapport::rules {
namespace {

using Kind = PatternStep::Kind;

std::uint64_t edge_key(std::uint32_t node, Label label) {
    return (std::uint64_t{node} << 32U) | label;
}

std::uint32_t bit(Kind kind) { return 1U << Vocabulary::reserved(kind); }

}  // namespace

void PatternTrie::add(const std::vector<Label>& steps, std::uint32_t id) {
    Node node = 0;
    for (const Label label : steps) {
        if (label < Vocabulary::kFirstFree) {
            nodes_[node].reserved |= 1U << label;
        } else {
            nodes_[node].words = true;
        }
        const auto [edge, added] =
            edges_.try_emplace(edge_key(node, label), static_cast<Node>(nodes_.size()));
        node = edge->second;
        if (added) nodes_.emplace_back();
    }
    std::vector<std::uint32_t>& ids = nodes_[node].ids;
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

class PatternTrie::Search {
  public:
    Search(const PatternTrie& trie, const MatchText& in)
        : trie_(trie), in_(in), size_(in.text.tokens.size()) {
        while (begin_ < size_ && in.text.is_break(begin_)) ++begin_;
        end_ = size_;
        while (end_ > begin_ && ends_nothing(end_ - 1)) --end_;
    }

    std::vector<Match> run() {
        for (first_ = 0; first_ < size_; ++first_) walk(0, first_);
        return std::move(matches_);
    }

  private:
    /// Breaks and emojis after the last word leave it the last word.
    bool ends_nothing(std::size_t token) const {
        const Token::Kind kind = in_.text.tokens[token].kind;
        return kind == Token::Kind::kBreak || kind == Token::Kind::kSign;
    }

    void walk(Node node, std::size_t at) {
        const NodeData& data = trie_.nodes_[node];
        for (const std::uint32_t id : data.ids) matches_.push_back({id, first_, at});
        if (data.reserved != 0) reserved_edges(node, data.reserved, at);
        if (data.words && at < size_) {
            for (const Label label : in_.labels.of(at)) follow(node, label, at + 1);
        }
    }

    void follow(Node node, Label label, std::size_t to) {
        const auto edge = trie_.edges_.find(edge_key(node, label));
        if (edge != trie_.edges_.end()) walk(edge->second, to);
    }

    void reserved_edges(Node node, std::uint32_t edges, std::size_t at) {
        const auto take = [&](Kind kind, std::size_t to) {
            if ((edges & bit(kind)) != 0) follow(node, Vocabulary::reserved(kind), to);
        };
        if (at == begin_) take(Kind::kMessageStart, at);
        if (at >= end_) take(Kind::kMessageEnd, at);
        if (at == begin_ || (at < size_ && at > 0 && in_.text.is_break(at - 1))) {
            take(Kind::kSentenceStart, at);
        }
        if ((edges & bit(Kind::kGap)) != 0) gap(node, at);
        if ((edges & bit(Kind::kRest)) != 0) {
            take(Kind::kRest, within_sentence(at, kMaxRest));
        }
        if (at >= size_) return;
        if (!in_.text.is_break(at)) take(Kind::kAnyWord, at + 1);
        if (const Quantity* quantity = in_.quantities.at(at)) {
            if (quantity->number_tokens > 0) take(Kind::kNumber, at + quantity->number_tokens);
            if (quantity->money_tokens > 0) take(Kind::kMoney, at + quantity->money_tokens);
        }
    }

    void gap(Node node, std::size_t at) {
        const auto edge = trie_.edges_.find(edge_key(node, Vocabulary::reserved(Kind::kGap)));
        for (std::size_t to = at; to <= within_sentence(at, kMaxGap); ++to) {
            walk(edge->second, to);
        }
    }

    /// At most `most` tokens further, and not past a break.
    std::size_t within_sentence(std::size_t at, std::size_t most) const {
        const std::size_t limit = std::min(at + most, size_);
        while (at < limit && !in_.text.is_break(at)) ++at;
        return at;
    }

    const PatternTrie& trie_;
    const MatchText& in_;
    std::size_t size_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t first_ = 0;
    std::vector<Match> matches_;
};

std::vector<Match> PatternTrie::find(const MatchText& in) const { return Search(*this, in).run(); }

}  // namespace rapport::rules
