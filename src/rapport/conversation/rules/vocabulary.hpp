#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/conversation/rules/folded_text.hpp"
#include "rapport/conversation/rules/pattern.hpp"
#include "rapport/conversation/rules/word_map.hpp"

namespace rapport::rules {

/// What a step of a pattern asks of a token: a word, a prefix, a set, or a reserved one.
using Label = std::uint32_t;

/// The labels of each token of a message: what the vocabulary knows of it.
class TokenLabels {
  public:
    std::span<const Label> of(std::size_t token) const {
        return std::span(labels_).subspan(begins_[token], begins_[token + 1] - begins_[token]);
    }

  private:
    friend class Vocabulary;
    std::vector<Label> labels_{};
    std::vector<std::uint32_t> begins_{0};
};

/// All words, prefixes and sets that patterns ask for. It grows while tables are read; a message
/// is then looked up with one search a word and a few for prefixes.
class Vocabulary {
  public:
    /// The label of a word, prefix or reserved step.
    Label label(const PatternStep& step);
    /// A new label that each of these has: words and `prefix~`; those of several words are left
    /// out, as patterns hold them written out.
    Label add_set(const std::vector<std::string>& members);

    TokenLabels labels(const FoldedText& text) const;

    /// Reserved labels are their step's kind.
    static constexpr Label reserved(PatternStep::Kind kind) { return static_cast<Label>(kind); }
    static constexpr Label kFirstFree = 16;

  private:
    using LabelsOf = WordMap<std::vector<Label>>;

    void add_prefix_size(std::size_t size);

    /// The first label of a word or prefix is its own, 0 where no pattern asks for it; those of its
    /// sets follow.
    LabelsOf words_{};
    LabelsOf prefixes_{};
    std::vector<std::size_t> prefix_sizes_{};
    Label next_ = kFirstFree;
};

}  // namespace rapport::rules
