// What a crash, retention and a rebuilt window leave, and what is made of it.
#include <gtest/gtest.h>

#include "tests/repository/turn_fixture.hpp"

namespace rapport::testing {
namespace {

using std::chrono::days;

class Settling : public TurnTest {
  protected:
    Settling() { await(leads.get_or_create(kPhone)); }
};
ON_EVERY_ENGINE(LeadRepository, Settling);

/// Messages stay for a year unless the settings say otherwise.
TEST_P(Settling, DoesNotBringBackWhatRetentionWouldHaveRemoved) {
    Turn turn = turn_of(loaded(), {"long ago", "lately"});
    turn.messages[0].created_at = now() - days(366);
    turn.messages[1].created_at = now() - days(364);
    const TurnResult result = await(leads.commit_turn(turn));
    forget(result.messages);
    leave_unsettled();
    EXPECT_EQ(await(another_process().settle(loaded())), 1);
    EXPECT_EQ(stored(), std::vector<Message>{result.messages[1]});
    EXPECT_EQ(await(another_process().settle(loaded())), 0);
    EXPECT_EQ(commit({"today"}).lead.message_count, 3);
    EXPECT_GE(loaded().settled_count, 2);
    EXPECT_EQ(contents(stored()), (std::vector<std::string>{"lately", "today"}));
}

/// The ring remembers a turn longer than retention its message.
TEST_P(Settling, LeavesTheTextOfAnExpiredMessageInTheWindowToCompare) {
    const TurnResult first = commit({"hola", "buenas"}, "wamid.1");
    commit({"otra"}, "wamid.2");
    forget(first.messages);
    EXPECT_TRUE(commit({"hola"}, "wamid.1").replayed);
    const std::string refusal =
        error_of<InvalidArgument>([&] { commit({"something else"}, "wamid.1"); });
    EXPECT_EQ(refusal.find("something else"), std::string::npos) << "no text in errors";
    commit(std::vector<std::string>(20, "more"));
    EXPECT_TRUE(commit({"not known any more"}, "wamid.1").replayed);
    EXPECT_EQ(loaded().message_count, 23);
}

class SettlingWithoutRetention : public ::testing::TestWithParam<std::string> {
  protected:
    SettlingWithoutRetention() { await(manager_.connect()); }

    static Settings keeping(Settings settings) {
        settings.enable_message_archival = false;
        return settings;
    }

    OwnDatabase database_{GetParam()};
    DatabaseManager manager_{keeping(database_.settings()), database_.url()};
};
ON_EVERY_ENGINE(LeadRepository, SettlingWithoutRetention);

TEST_P(SettlingWithoutRetention, BringsEverythingBack) {
    LeadRepository leads(manager_.database());
    MessageRepository messages(manager_.database());
    Turn turn{new_lead(), {said("long ago")}};
    turn.messages.front().created_at = now() - days(10'000);
    const TurnResult result = await(leads.commit_turn(turn));
    await(messages.delete_by_id(result.messages.front().id.to_string()));
    Lead as_left = result.lead;
    as_left.settled_count = 0;
    EXPECT_EQ(await(LeadRepository(manager_.database()).settle(as_left)), 1);
    EXPECT_EQ(await(messages.get_recent_messages(kPhone)), result.messages);
}

}  // namespace
}  // namespace rapport::testing
