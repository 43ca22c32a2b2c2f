#include "rapport/domain/message.hpp"

#include <gtest/gtest.h>

#include "rapport/core/codec.hpp"

namespace rapport {
namespace {

Message hello() {
    Message message;
    message.id = *ObjectId::parse("507f1f77bcf86cd799439011");
    message.lead_id = "+525512345678";
    message.content = "Hola";
    message.tokens = 3;
    message.timestamp = Timestamp(std::chrono::milliseconds(1'700'000'000'000));
    message.created_at = message.timestamp + std::chrono::seconds(1);
    message.updated_at = message.created_at;
    return message;
}

std::string refusal(const Message& message) {
    try {
        validate(message);
        return "accepted";
    } catch (const InvalidArgument& problem) {
        return problem.what();
    }
}

TEST(Message, IsWrittenWithTheNamesOfExistingDatabasesAndNothingAbsent) {
    EXPECT_EQ(
        to_json(hello()),
        R"({"_id":"507f1f77bcf86cd799439011","lead_id":"+525512345678","role":"lead",)"
        R"("content":"Hola","tokens":3,"timestamp":"2023-11-14T22:13:20.000Z",)"
        R"("created_at":"2023-11-14T22:13:21.000Z","updated_at":"2023-11-14T22:13:21.000Z"})");
}

TEST(Message, IsReadBackWhole) {
    Message message = hello();
    message.seq = 7;
    message.lead_ref = *ObjectId::parse("00000000000000000000000a");
    message.turn_id = "t";
    message.external_id = "wamid.x";
    message.attachment = Attachment{.kind = "image", .name = "IMG-1.jpg"};
    EXPECT_EQ(from_document<Message>(to_document(message)), message);
}

TEST(Message, EveryRoleHasItsWireString) {
    EXPECT_EQ(enum_to_string(MessageRole::kLead), "lead");
    EXPECT_EQ(enum_to_string(MessageRole::kAssistant), "assistant");
    EXPECT_EQ(enum_to_string(MessageRole::kSystem), "system");
    EXPECT_EQ(enum_to_string(MessageRole::kHuman), "human");
    EXPECT_EQ(kEnumTable<MessageRole>.size(), 4U);
}

TEST(Message, HoldsUpTo65536Bytes) {
    Message message = hello();
    message.content.assign(65'536, 'x');
    EXPECT_EQ(refusal(message), "accepted");
    message.content += 'x';
    EXPECT_EQ(refusal(message), "content: 65537 bytes, at most 65536 are allowed");
}

TEST(Message, CountsBytesNotCharacters) {
    Message message = hello();
    message.content.clear();
    for (int i = 0; i < 32'768; ++i) message.content += "ñ";
    EXPECT_EQ(refusal(message), "accepted");
    message.content += "ñ";
    EXPECT_EQ(refusal(message), "content: 65538 bytes, at most 65536 are allowed");
}

TEST(Message, AcceptsEmptyTextNulEmojiAndRightToLeft) {
    using namespace std::string_literals;
    for (const std::string& text : {""s, "a\0b"s, "👍🏽"s, "שלום עולם"s}) {
        Message message = hello();
        message.content = text;
        EXPECT_EQ(refusal(message), "accepted");
    }
}

TEST(Message, RefusesTextThatIsNotUtf8WithoutShowingIt) {
    Message message = hello();
    message.content = "secret caf\xE9";
    EXPECT_EQ(refusal(message), "content: not valid UTF-8");
}

TEST(Message, RefusesNegativeTokens) {
    Message message = hello();
    message.tokens = -1;
    EXPECT_EQ(refusal(message), "tokens: must not be negative");
}

}  // namespace
}  // namespace rapport
