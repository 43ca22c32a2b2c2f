#include "rapport/conversation/stage_policy.hpp"

#include <array>
#include <cstddef>

namespace rapport {
namespace {

constexpr std::size_t kStages = kEnumTable<SalesStage>.size();

/// A row for the stage a lead stands in, a column for the one it would go to.
constexpr std::array<std::array<bool, kStages>, kStages> kAllowed{{
    //              contact discovery qualified demo   hold   won    lost
    /* contact   */ {false, true, true, true, true, true, true},
    /* discovery */ {false, false, true, true, true, true, true},
    /* qualified */ {false, false, false, true, true, true, true},
    /* demo      */ {false, false, false, false, true, true, true},
    /* on hold   */ {false, true, true, true, false, true, true},
    /* won       */ {false, false, false, false, false, false, false},
    /* lost      */ {false, false, false, false, false, false, false},
}};

}  // namespace

bool may_move(SalesStage from, SalesStage to) {
    return kAllowed.at(static_cast<std::size_t>(from)).at(static_cast<std::size_t>(to));
}

}  // namespace rapport
