#include "rapport/conversation/characters.hpp"

#include <gtest/gtest.h>

#include <string>

namespace rapport {
namespace {

TEST(Characters, OfABlankTextCannotBeSeen) {
    for (const char* text :
         {"", "   ", "\n\t\r\v\f", "\u00a0", "\u0085\u2028\u2029", "\u3000 \u1680",
          "\u2000\u2001\u200a\u202f\u205f", "\u200b\u200d\ufeff\u2060", "\u00ad", "\u2800",
          "\ufe0f", "\U000e0020"}) {
        EXPECT_TRUE(is_blank(text)) << text;
    }
    EXPECT_TRUE(is_blank(std::string(3, '\0')));
    for (const char* text : {"x", " . ", "\u00a1", "\u2027", "\u3001", "\U0001f600", " \u00e9 "}) {
        EXPECT_FALSE(is_blank(text)) << text;
    }
}

}  // namespace
}  // namespace rapport
