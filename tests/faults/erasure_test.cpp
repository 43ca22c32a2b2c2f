// Leads are erased while other processes talk to them, settle them and deliver again.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "rapport/core/error.hpp"
#include "tests/faults/soak.hpp"
#include "tests/faults/writer_process.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport::testing {
namespace {

using std::chrono::milliseconds;

class Erasure : public ::testing::TestWithParam<std::string> {
  protected:
    Erasure() { static_cast<void>(soak_seed()); }

    /// What is stored of leads that are gone, or missing of those that are there; empty when
    /// nothing is.
    std::string fault(const std::set<ObjectId>& erased) {
        LeadRepository leads(manager_.database());
        MessageRepository messages(manager_.database());
        std::map<ObjectId, std::vector<Message>> by_lead;
        auto all = messages.stream({});
        while (const auto message = await(all.next())) {
            if (!message->lead_ref) return "a message of no lead";
            by_lead[*message->lead_ref].push_back(*message);
        }
        for (const Lead& lead : await(leads.find_many({}, {.limit = 0}))) {
            if (erased.contains(lead.id)) return "an erased lead is there";
            auto& own = by_lead[lead.id];
            std::ranges::sort(own, {}, &Message::seq);
            if (std::ssize(own) != lead.message_count) return "a lead has not what it counted";
            for (std::size_t i = 0; i < own.size(); ++i) {
                if (own[i].seq != static_cast<std::int64_t>(i) + 1) return "a number is missing";
            }
            for (std::size_t i = 1; i <= lead.recent_history.size(); ++i) {
                if (lead.recent_history[lead.recent_history.size() - i].id !=
                    own.at(own.size() - i).id) {
                    return "a window holds what its lead was not told";
                }
            }
            by_lead.erase(lead.id);
        }
        return by_lead.empty() ? "" : "messages of an erased lead are there";
    }

    OwnDatabase database_{GetParam()};
    DatabaseManager manager_{database_.settings(), database_.url()};
    TemporaryFolder folder_;
    std::mt19937 random_{soak_seed()};
};

TEST_P(Erasure, RacingWithTurnsSettlingAndRedeliveryLeavesNoText) {
    const WriterPlan plan{
        .leads = 6, .writers = 4, .turns = 25 * soak_scale(), .seed = soak_seed()};
    std::vector<std::unique_ptr<WriterProcess>> processes;
    for (int number = 0; number < 4; ++number) {
        processes.push_back(std::make_unique<WriterProcess>(
            database_, plan, number, folder_.path() / std::to_string(number)));
        processes.back()->start();
    }
    await(manager_.connect());
    await(manager_.create_indexes());
    LeadRepository leads(manager_.database());
    std::set<ObjectId> erased;
    int kills = 0;
    const auto is_at_work = [](const auto& process) {
        return !process->has_ended_within(milliseconds(1));
    };
    while (std::ranges::any_of(processes, is_at_work)) {
        const Delivery any{static_cast<int>(random_() % 6), 0, 0, 0};
        if (const auto lead = await(leads.get_by_phone(any.phone()))) {
            // Of two erasers one finds nothing: a new lead may be there by now.
            if (await(leads.erase(any.phone())).leads > 0) erased.insert(lead->id);
        }
        WriterProcess& process = *processes[random_() % processes.size()];
        if (process.has_ended_within(milliseconds(random_() % 20))) continue;
        if (kills++ < 4 * soak_scale()) {
            process.kill();
            static_cast<void>(process.wait());
            process.start();
        }
    }
    for (const auto& process : processes) {
        EXPECT_EQ(process->exit_code(), 0);
        EXPECT_EQ(process->acknowledged().size(), process->planned().size());
    }
    EXPECT_GT(erased.size(), 5U);
    RecordProperty("erased", static_cast<int>(erased.size()));

    auto all = leads.stream({});
    while (const auto lead = await(all.next())) await(leads.settle(*lead));
    await(leads.finish_erasures());
    EXPECT_EQ(fault(erased), "");
    EXPECT_EQ(await(leads.finish_erasures()), 0);
}

INSTANTIATE_TEST_SUITE_P(LeadRepository, Erasure, ::testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace rapport::testing
