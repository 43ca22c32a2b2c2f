#include "rapport/eval/scores.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <string_view>

namespace rapport::eval {
namespace {

double ratio(double part, double whole) { return whole == 0 ? 0 : part / whole; }

std::map<std::string_view, std::size_t> places_of(std::span<const Judgement> judgements) {
    std::map<std::string_view, std::size_t> places;
    for (const Judgement& judgement : judgements) {
        places.emplace(judgement.expected, 0);
        places.emplace(judgement.predicted, 0);
    }
    std::size_t next = 0;
    for (auto& [name, place] : places) place = next++;
    return places;
}

void add(Score& to, const Score& score, double weight) {
    to.precision += weight * score.precision;
    to.recall += weight * score.recall;
    to.f1 += weight * score.f1;
}

/// What was found of class `at`.
Found found(const std::vector<std::vector<std::int64_t>>& matrix, std::size_t at) {
    Found of_class{.right = matrix[at][at]};
    for (std::size_t other = 0; other < matrix.size(); ++other) {
        if (other == at) continue;
        of_class.missed += matrix[at][other];
        of_class.wrong += matrix[other][at];
    }
    return of_class;
}

}  // namespace

Found& Found::operator+=(const Found& other) {
    right += other.right;
    missed += other.missed;
    wrong += other.wrong;
    return *this;
}

Score score(const Found& found) {
    const auto right = static_cast<double>(found.right);
    const auto missed = static_cast<double>(found.missed);
    const auto wrong = static_cast<double>(found.wrong);
    return {.precision = ratio(right, right + wrong),
            .recall = ratio(right, right + missed),
            .f1 = ratio(2 * right, 2 * right + missed + wrong)};
}

Scores score(std::span<const Judgement> judgements) {
    const auto places = places_of(judgements);
    Scores scores;
    scores.matrix.assign(places.size(), std::vector<std::int64_t>(places.size()));
    for (const Judgement& judgement : judgements) {
        ++scores.matrix[places.at(judgement.expected)][places.at(judgement.predicted)];
    }
    Found all;
    const auto total = static_cast<double>(judgements.size());
    for (const auto& [name, place] : places) {
        const Found of_class = found(scores.matrix, place);
        const std::int64_t support = of_class.right + of_class.missed;
        const Score of_it = score(of_class);
        all += of_class;
        add(scores.macro, of_it, 1 / static_cast<double>(places.size()));
        add(scores.weighted, of_it, static_cast<double>(support) / total);
        scores.classes.push_back({std::string(name), of_it, support});
    }
    scores.accuracy = ratio(static_cast<double>(all.right), total);
    scores.micro = score(all);
    return scores;
}

Calibration calibration(std::span<const Stated> statements) {
    constexpr std::size_t kBins = 10;
    std::array<double, kBins> stated{};
    std::array<double, kBins> right{};
    Calibration result;
    for (std::size_t i = 0; i < kBins; ++i) {
        result.bins.push_back(
            {.from = static_cast<double>(i) / kBins, .to = static_cast<double>(i + 1) / kBins});
    }
    for (const Stated& statement : statements) {
        std::size_t bin = 0;
        while (bin + 1 < kBins && statement.confidence > result.bins[bin].to) ++bin;
        ++result.bins[bin].count;
        stated.at(bin) += statement.confidence;
        right.at(bin) += statement.right ? 1 : 0;
    }
    for (std::size_t i = 0; i < kBins; ++i) {
        ConfidenceBin& bin = result.bins[i];
        const auto count = static_cast<double>(bin.count);
        bin.confidence = ratio(stated.at(i), count);
        bin.accuracy = ratio(right.at(i), count);
        result.error += ratio(count, static_cast<double>(statements.size())) *
                        std::abs(bin.accuracy - bin.confidence);
    }
    return result;
}

Spread spread(std::span<const double> values) {
    if (values.empty()) return {};
    const auto count = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return {.mean = mean, .deviation = values.size() < 2 ? 0 : std::sqrt(squares / (count - 1))};
}

}  // namespace rapport::eval
