#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rapport/repository/examination.hpp"

namespace rapport {

/// How much a finding matters.
enum class Severity : std::uint8_t {
    kOk,
    kWarning,  ///< something to do, while everything works
    kProblem,  ///< the database cannot be used, or loses what it holds, until it is done
};

/// `ok`, `warning`, `problem`.
std::string_view to_string(Severity severity);

/// What one check came to. docs/operations.md lists the checks, their findings and cures.
struct Finding {
    std::string check;  ///< e.g. `indexes`
    Severity severity;
    std::string found;
    std::string cure{};  ///< what to do; empty when nothing is
};

/// What an examination means: at least one finding for every check, in the order of the checks.
std::vector<Finding> diagnose(const Examination& examination);

/// What it means that a database could not be connected to.
Finding diagnose_refusal(const Error& error);

/// The worst of them; kOk for none.
Severity worst(const std::vector<Finding>& findings);

/// How an index differs, without its name and collection, and what create_indexes() does about it.
struct Difference {
    std::string_view kind;  ///< `missing`, `different`, `expiry`, `left over`
    std::string found;      ///< e.g. `lead_id; unique`; empty when it is missing
    std::string wanted;     ///< empty when it is left over
    std::string cure;       ///< e.g. `build it`
};
Difference explain(const IndexDifference& difference);

}  // namespace rapport
