#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rapport/conversation/rules/quantity.hpp"
#include "rapport/conversation/rules/vocabulary.hpp"

namespace rapport::rules {

/// A message, ready to be matched.
struct MatchText {
    const FoldedText& text;
    const TokenLabels& labels;
    const Quantities& quantities;
};

/// A pattern that was found: the tokens `first` up to before `end` said it.
struct Match {
    std::uint32_t id = 0;
    std::size_t first = 0;
    std::size_t end = 0;
};

/// All patterns as one tree, so that a message is read once however many there are. Matching takes
/// time linear in the message: from each token a bounded number of steps is tried.
class PatternTrie {
  public:
    /// `steps` as Vocabulary labels; what is found of them is reported under `id`.
    void add(const std::vector<Label>& steps, std::uint32_t id);

    /// Every place where a pattern stands, by the token at which it starts.
    std::vector<Match> find(const MatchText& in) const;

  private:
    class Search;
    using Node = std::uint32_t;

    struct NodeData {
        std::uint32_t reserved = 0;  ///< a bit for each reserved label that an edge has
        bool words = false;          ///< whether any edge is a word, prefix or set
        std::vector<std::uint32_t> ids{};
    };

    std::vector<NodeData> nodes_ = std::vector<NodeData>(1);
    boost::unordered_flat_map<std::uint64_t, Node> edges_{};
};

}  // namespace rapport::rules
