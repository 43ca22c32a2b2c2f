#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <concepts>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "rapport/repository/collections.hpp"
#include "tests/support/engine.hpp"

namespace rapport::testing {

inline const std::string kPhone = "+525512345678";
/// As the setting AUDIT_KEY.
inline const std::string kAuditKey(64, 'k');
/// A moment in the past that every test counts from, so that none depends on the clock.
inline const Timestamp kStart{std::chrono::milliseconds(1'700'000'000'000)};

/// Runs a case on one engine, on a database of its own.
class RepositoryTest : public ::testing::TestWithParam<std::string> {
  protected:
    Engine engine{GetParam()};
    LeadRepository leads{engine.store()};
    MessageRepository messages{engine.store()};
};

/// Instantiates suites for every engine: `LeadRepository/Save.RefusesAStaleCopy/sqlite`.
#define ON_EVERY_ENGINE(kind, suite)                                                        \
    INSTANTIATE_TEST_SUITE_P(kind, suite, ::testing::ValuesIn(rapport::testing::engines()), \
                             [](const auto& engine) { return engine.param; })

/// A lead that is not stored yet.
inline Lead new_lead(std::string phone = kPhone) {
    Lead lead;
    lead.lead_id = std::move(phone);
    return lead;
}

/// The n-th of many phone numbers, all different and normal.
inline std::string numbered_phone(int n) { return "+5255" + std::to_string(10'000'000 + n); }

/// A message that is not stored yet, `offset` after kStart.
inline Message said(std::string content, std::chrono::milliseconds offset = {},
                    MessageRole role = MessageRole::kLead) {
    Message message;
    message.lead_id = kPhone;
    message.role = role;
    message.content = std::move(content);
    message.timestamp = kStart + offset;
    return message;
}

inline std::vector<std::string> contents(const std::vector<Message>& messages) {
    std::vector<std::string> texts;
    for (const Message& message : messages) texts.push_back(message.content);
    return texts;
}

inline std::vector<std::string> lead_ids(const std::vector<Lead>& leads) {
    std::vector<std::string> ids;
    for (const Lead& lead : leads) ids.push_back(lead.lead_id);
    return ids;
}

/// What each of some operations, all under way at once, came to.
template <class T>
std::vector<std::future<T>> run_together(std::vector<Async<T>> operations) {
    boost::asio::io_context context;
    std::vector<std::future<T>> outcomes;
    for (Async<T>& operation : operations) {
        outcomes.push_back(
            boost::asio::co_spawn(context, std::move(operation), boost::asio::use_future));
    }
    context.run();
    return outcomes;
}

/// The message of the error of type E that `action` throws.
template <class E, std::invocable F>
std::string error_of(F&& action) {
    try {
        action();
    } catch (const E& error) {
        return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

/// The names of a document's members.
inline std::vector<std::string> names_of(const Document& document) {
    std::vector<std::string> names;
    for (BsonReader in(document); !in.at_end();) names.emplace_back(in.next().name());
    return names;
}

}  // namespace rapport::testing
