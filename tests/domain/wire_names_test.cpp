#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "rapport/domain/lead.hpp"

namespace rapport {
namespace {

using ::testing::ElementsAre;

/// What stands in existing databases, in the order of the enumerators.
template <NamedEnum E>
std::vector<std::string_view> wire_names() {
    std::vector<std::string_view> names;
    for (const auto& [value, name] : enum_names(E{})) {
        EXPECT_EQ(static_cast<std::size_t>(value), names.size()) << name;
        EXPECT_EQ(enum_from_string<E>(name), value);
        EXPECT_EQ(enum_to_string(value), name);
        names.push_back(name);
    }
    return names;
}

TEST(WireNames, OfStagesAreNumbered) {
    EXPECT_THAT(
        wire_names<SalesStage>(),
        ElementsAre("0 - initial_contact", "1 - discovery", "2 - qualified", "3 - demo_scheduled",
                    "4 - on_hold", "5 - closed_won", "6 - closed_lost"));
}

TEST(WireNames, OfRolesHandoffsAndDimensionsAreWords) {
    EXPECT_THAT(wire_names<MessageRole>(), ElementsAre("lead", "assistant", "system", "human"));
    EXPECT_THAT(wire_names<HandoffStatus>(),
                ElementsAre("none", "requested", "assigned", "resolved"));
    EXPECT_THAT(wire_names<SignalDimension>(),
                ElementsAre("budget", "authority", "need", "timeline"));
}

}  // namespace
}  // namespace rapport
