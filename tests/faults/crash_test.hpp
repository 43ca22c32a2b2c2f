#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/faults/soak.hpp"
#include "tests/faults/writer_process.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport::testing {

/// Processes that write to one database, on one engine, and what they must have left there.
class CrashTest : public ::testing::TestWithParam<std::string> {
  protected:
    CrashTest() { static_cast<void>(soak_seed()); }

    std::unique_ptr<WriterProcess> writer(WriterPlan plan, int number = 0) {
        plan.seed = soak_seed();
        return std::make_unique<WriterProcess>(database_, plan, number,
                                               folder_.path() / std::to_string(number));
    }
    std::string fault_in(const std::vector<Delivery>& planned) const {
        return find_fault(database_.settings(), database_.url(), planned);
    }
    static void finish(WriterProcess& process) {
        process.start();
        wait_for_all_of(process);
    }
    static void wait_for_all_of(WriterProcess& process) {
        ASSERT_TRUE(process.has_ended_within(std::chrono::minutes(4)));
        ASSERT_EQ(process.exit_code(), 0);
    }
    static std::vector<Delivery> together(
        const std::vector<std::unique_ptr<WriterProcess>>& processes) {
        std::vector<Delivery> all;
        for (const auto& process : processes) {
            const auto planned = process->planned();
            all.insert(all.end(), planned.begin(), planned.end());
        }
        return all;
    }

    OwnDatabase database_{GetParam()};
    TemporaryFolder folder_;
    std::mt19937 random_{soak_seed()};
};

}  // namespace rapport::testing
