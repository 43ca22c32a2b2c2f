#include "rapport/channel/chat_file_name.hpp"

#include <gtest/gtest.h>

namespace rapport {
namespace {

TEST(ChatFileName, NamesTheOtherSide) {
    for (const char* file : {"WhatsApp Chat with Ana.txt", "some/folder/WhatsApp Chat with Ana.txt",
                             "WhatsApp Chat - Ana.zip", "WhatsApp Chat with Ana.TXT",
                             "Chat de WhatsApp con Ana.txt", "Chat de WhatsApp - Ana.zip",
                             "Conversa do WhatsApp com Ana.txt", "WhatsApp-Chat mit Ana.txt",
                             "WhatsApp Chat mit Ana.txt", "Discussion WhatsApp avec Ana.txt",
                             "Chat WhatsApp con Ana.txt", "WhatsApp-chat met Ana.txt",
                             "WhatsApp Chat with Ana", "WhatsApp Chat with \u200EAna.txt"}) {
        EXPECT_EQ(name_in_file_name(file), "Ana") << file;
    }
    EXPECT_EQ(name_in_file_name("WhatsApp Chat with José P. with us.txt"), "José P. with us");
    EXPECT_EQ(name_in_file_name("WhatsApp Chat with A\xFF.txt"), "A\uFFFD");
}

TEST(ChatFileName, OfAnotherKindNamesNobody) {
    for (const char* file : {"", "_chat.txt", "Ana.txt", "WhatsApp Chat.txt", "Chat with Ana.txt",
                             "WhatsApp Chat with .txt", "notes on WhatsApp Chat with Ana.txt",
                             "WhatsApp Chat with Ana.txt/_chat.txt"}) {
        EXPECT_EQ(name_in_file_name(file), "") << file;
    }
}

TEST(ChatFileName, IsComparedWithAnAuthorAsAWhole) {
    EXPECT_TRUE(is_name_of("Ana", "Ana"));
    EXPECT_TRUE(is_name_of("Ana (1)", "Ana"));
    EXPECT_TRUE(is_name_of("Ana(12)", "Ana"));
    EXPECT_TRUE(is_name_of("Ana (Sales)", "Ana (Sales)"));
    EXPECT_TRUE(is_name_of("Ana (2)", "Ana (2)"));
    for (const char* name : {"", "Mariana", "Eva Ana", "Ana (Sales)", "Ana ()", "ana"}) {
        EXPECT_FALSE(is_name_of(name, "Ana")) << name;
    }
    EXPECT_FALSE(is_name_of("", ""));
}

}  // namespace
}  // namespace rapport
