// Scores label sets, for sklearn_test.py: reads a line `{"expected": […], "predicted": […]}` each
// from stdin, and writes what score() makes of them.
#include <fmt/format.h>

#include <iostream>
#include <string>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/eval/scores.hpp"

namespace rapport::eval {
namespace {

struct LabelSet {
    std::vector<std::string> expected{};
    std::vector<std::string> predicted{};
};
BOOST_DESCRIBE_STRUCT(LabelSet, (), (expected, predicted))

}  // namespace
}  // namespace rapport::eval

int main() {
    using namespace rapport;
    using namespace rapport::eval;
    for (std::string line; std::getline(std::cin, line);) {
        const auto labels = from_document<LabelSet>(from_json(line));
        std::vector<Judgement> judgements;
        for (std::size_t i = 0; i < labels.expected.size(); ++i) {
            judgements.push_back({labels.expected[i], labels.predicted.at(i)});
        }
        fmt::print("{}\n", to_json(score(judgements)));
    }
}
