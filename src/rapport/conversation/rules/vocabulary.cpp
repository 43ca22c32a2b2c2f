#include "rapport/conversation/rules/vocabulary.hpp"

#include <algorithm>

namespace rapport::rules {

Label Vocabulary::label(const PatternStep& step) {
    using enum PatternStep::Kind;
    if (step.kind != kWord && step.kind != kPrefix) return reserved(step.kind);
    std::vector<Label>& labels = (step.kind == kWord ? words_ : prefixes_)[step.text];
    // A set may have come first; its label then stands for the set alone.
    if (labels.empty() || labels.front() == 0) {
        labels.resize(std::max<std::size_t>(labels.size(), 1));
        labels.front() = next_++;
        if (step.kind == kPrefix) add_prefix_size(step.text.size());
    }
    return labels.front();
}

Label Vocabulary::add_set(const std::vector<std::string>& members) {
    const Label set = next_++;
    for (const std::string& member : members) {
        const bool prefix = member.ends_with('~');
        const FoldedText text = fold(std::string_view(member).substr(0, member.size() - prefix));
        if (text.tokens.size() != 1) continue;
        const std::string word(text.spelling(0));
        std::vector<Label>& labels = (prefix ? prefixes_ : words_)[word];
        if (labels.empty()) labels.push_back(0);
        if (labels.back() != set) labels.push_back(set);
        if (prefix) add_prefix_size(word.size());
    }
    return set;
}

void Vocabulary::add_prefix_size(std::size_t size) {
    const auto place = std::lower_bound(prefix_sizes_.begin(), prefix_sizes_.end(), size);
    if (place == prefix_sizes_.end() || *place != size) prefix_sizes_.insert(place, size);
}

TokenLabels Vocabulary::labels(const FoldedText& text) const {
    TokenLabels result;
    result.begins_.reserve(text.tokens.size() + 1);
    const auto add = [&](const LabelsOf& known, std::string_view word) {
        if (const auto found = known.find(word); found != known.end()) {
            for (const Label label : found->second) {
                if (label != 0) result.labels_.push_back(label);
            }
        }
    };
    for (std::size_t token = 0; token < text.tokens.size(); ++token) {
        const std::string_view word = text.spelling(token);
        add(words_, word);
        for (const std::size_t size : prefix_sizes_) {
            if (size > word.size()) break;
            add(prefixes_, word.substr(0, size));
        }
        result.begins_.push_back(static_cast<std::uint32_t>(result.labels_.size()));
    }
    return result;
}

}  // namespace rapport::rules
