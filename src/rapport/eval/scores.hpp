#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rapport/core/described.hpp"

namespace rapport::eval {

/// What should have been said of one thing, and what was.
struct Judgement {
    std::string expected{};
    std::string predicted{};
};

/// Of a class, or an average over classes. What would divide by zero is 0.
struct Score {
    double precision = 0;
    double recall = 0;
    double f1 = 0;

    bool operator==(const Score&) const = default;
};
BOOST_DESCRIBE_STRUCT(Score, (), (precision, recall, f1))

struct ClassScore {
    std::string name{};
    Score score{};
    /// How often it was expected.
    std::int64_t support = 0;

    bool operator==(const ClassScore&) const = default;
};
BOOST_DESCRIBE_STRUCT(ClassScore, (), (name, score, support))

/// As scikit-learn's classification_report(zero_division=0) and confusion_matrix have them.
struct Scores {
    /// Every class that was expected or predicted, sorted by name.
    std::vector<ClassScore> classes{};
    double accuracy = 0;
    /// Every class counts the same.
    Score macro{};
    /// Every judgement counts the same.
    Score micro{};
    /// Every class counts by its support.
    Score weighted{};
    /// Rows are what was expected, columns what was predicted, both as `classes`.
    std::vector<std::vector<std::int64_t>> matrix{};

    bool operator==(const Scores&) const = default;
};
BOOST_DESCRIBE_STRUCT(Scores, (), (classes, accuracy, macro, micro, weighted, matrix))

Scores score(std::span<const Judgement> judgements);

/// Things found of things that were there to be found.
struct Found {
    std::int64_t right = 0;
    std::int64_t missed = 0;
    std::int64_t wrong = 0;

    Found& operator+=(const Found& other);
};
Score score(const Found& found);

/// A statement and how sure it was made.
struct Stated {
    double confidence = 0;  ///< 0 to 1
    bool right = false;
};

struct ConfidenceBin {
    double from = 0;  ///< not in it, but in the first one
    double to = 0;    ///< in it
    std::int64_t count = 0;
    /// The mean that was stated; 0 for an empty bin.
    double confidence = 0;
    /// How many of them were right, 0 to 1.
    double accuracy = 0;

    bool operator==(const ConfidenceBin&) const = default;
};
BOOST_DESCRIBE_STRUCT(ConfidenceBin, (), (from, to, count, confidence, accuracy))

struct Calibration {
    /// Expected calibration error: how far confidence and accuracy are apart, bins counted by size
    /// (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017).
    double error = 0;
    /// Ten of equal width.
    std::vector<ConfidenceBin> bins{};

    bool operator==(const Calibration&) const = default;
};
BOOST_DESCRIBE_STRUCT(Calibration, (), (error, bins))

Calibration calibration(std::span<const Stated> statements);

/// A figure over several runs.
struct Spread {
    double mean = 0;
    /// Of the sample (n - 1); 0 for one run.
    double deviation = 0;

    bool operator==(const Spread&) const = default;
};
BOOST_DESCRIBE_STRUCT(Spread, (), (mean, deviation))

Spread spread(std::span<const double> values);

}  // namespace rapport::eval
