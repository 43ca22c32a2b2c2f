#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>

#include "tests/channel/reading.hpp"

namespace rapport {
namespace {

/// How one phone writes the head of a message.
struct Phone {
    std::string_view name;
    DateOrder order;
    std::string_view line_end;
    std::string (*head)(int year, unsigned month, unsigned day, int hour, int minute);
};

int twelve(int hour) { return hour % 12 == 0 ? 12 : hour % 12; }

std::string thai_digits(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        digits += c >= '0' && c <= '9'
                      ? fmt::format("\xE0\xB9{}", static_cast<char>(0x90 + c - '0'))
                      : std::string(1, c);
    }
    return digits;
}

const std::array<Phone, 9> kPhones{{
    {"Android, Spain", DateOrder::kDmy, "\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return fmt::format("{}/{}/{:02}, {}:{:02} - ", d, m, y % 100, h, n);
     }},
    {"Android, USA", DateOrder::kMdy, "\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return fmt::format("{}/{}/{:02}, {}:{:02}\u202F{} - ", m, d, y % 100, twelve(h), n,
                            h < 12 ? "AM" : "PM");
     }},
    {"iOS, Mexico", DateOrder::kDmy, "\r\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return fmt::format("[{:02}/{:02}/{:02}, {}:{:02}:00 {}.\u00A0m.] ", d, m, y % 100,
                            twelve(h), n, h < 12 ? "a" : "p");
     }},
    {"iOS, Germany", DateOrder::kDmy, "\r\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return fmt::format("\u200E[{:02}.{:02}.{:02}, {:02}:{:02}:00] ", d, m, y % 100, h, n);
     }},
    {"Android, Finland", DateOrder::kDmy, "\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return fmt::format("{}.{}.{} klo {}.{:02} - ", d, m, y, h, n);
     }},
    {"iOS, Sweden", DateOrder::kYmd, "\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return fmt::format("[{}-{:02}-{:02} {:02}:{:02}:00] ", y, m, d, h, n);
     }},
    {"Android, Taiwan", DateOrder::kYmd, "\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return fmt::format("{}/{}/{} {}{}:{:02} - ", y, m, d, h < 12 ? "上午" : "下午", twelve(h),
                            n);
     }},
    {"Android, Vietnam", DateOrder::kDmy, "\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return fmt::format("{:02}:{:02}, {:02}/{:02}/{} - ", h, n, d, m, y);
     }},
    {"Android, Thailand", DateOrder::kDmy, "\n",
     [](int y, unsigned m, unsigned d, int h, int n) {
         return thai_digits(fmt::format("{}/{}/{} {:02}:{:02} - ", d, m, y + 543, h, n));
     }},
}};

struct Said {
    LocalTime time;
    std::string author;
    std::string text;
};

/// A line that no export writes by itself: words, colons, numbers, marks of other scripts.
rc::Gen<std::string> text_line() {
    const auto word =
        rc::gen::element<std::string>("hola", "ok", "Total: 250", "10:30", "24/12", "ñ", "مرحبا",
                                      "👍🏽", "a:b", "-", "\"x\"", "3.5");
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(word),
                        [](const auto& words) { return fmt::format("{}", fmt::join(words, " ")); });
}

rc::Gen<std::vector<Said>> chat() {
    return rc::gen::exec([] {
        std::vector<Said> said;
        // Years before 2032 cannot be taken for a day of the month that two digits might be.
        LocalTime time = std::chrono::local_days(std::chrono::year(2013) / 1 / 1);
        for (int i = *rc::gen::inRange(1, 12); i > 0; --i) {
            time += std::chrono::minutes(*rc::gen::inRange(0, 400'000));
            auto lines =
                *rc::gen::resize(4, rc::gen::container<std::vector<std::string>>(text_line()));
            std::string text = fmt::format("{}", fmt::join(lines, "\n"));
            while (text.ends_with('\n')) text.pop_back();
            said.push_back({time,
                            *rc::gen::element<std::string>("Eva", "Leo Paz", "+52 55 1234 5678"),
                            std::move(text)});
        }
        return said;
    });
}

std::string render(const std::vector<Said>& said, const Phone& phone) {
    std::string file;
    for (const Said& message : said) {
        const auto day = std::chrono::floor<std::chrono::days>(message.time);
        const std::chrono::year_month_day date(day);
        const std::chrono::hh_mm_ss clock(message.time - day);
        std::string entry = phone.head(
            int(date.year()), unsigned(date.month()), unsigned(date.day()),
            static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
        entry += message.author + ": " + message.text + "\n";
        for (const char c : entry) {
            if (c == '\n') {
                file += phone.line_end;
            } else {
                file += c;
            }
        }
    }
    return file;
}

RC_GTEST_PROP(WhatsAppRoundTrip, GivesWhatAPhoneWroteInEveryStyle, ()) {
    const std::vector<Said> said = *chat();
    for (const Phone& phone : kPhones) {
        const WhatsAppExport parsed = parse_whatsapp(render(said, phone), phone.order);
        RC_LOG() << phone.name;
        RC_ASSERT(parsed.records.size() == said.size());
        for (std::size_t i = 0; i < said.size(); ++i) {
            RC_ASSERT(parsed.records[i].local_time == said[i].time);
            RC_ASSERT(parsed.records[i].author == said[i].author);
            RC_ASSERT(parsed.records[i].text == said[i].text);
            RC_ASSERT(!parsed.records[i].system);
        }
    }
}

RC_GTEST_PROP(WhatsAppRoundTrip, FindsTheDateOrderOfAChatOfManyDays, ()) {
    std::vector<Said> said;
    LocalTime time = std::chrono::local_days(std::chrono::year(2019) / 1 / 1) +
                     std::chrono::minutes(*rc::gen::inRange(0, 1'000'000));
    for (int i = 0; i < 60; ++i) {
        time += std::chrono::minutes(*rc::gen::inRange(60, 2'880));
        said.push_back({time, "Eva", "hola"});
    }
    for (const Phone& phone : kPhones) {
        const WhatsAppExport parsed = parse_whatsapp(render(said, phone));
        RC_LOG() << phone.name;
        RC_ASSERT(parsed.date_order == phone.order);
        RC_ASSERT(parsed.records.size() == said.size());
        RC_ASSERT(parsed.records.back().local_time == said.back().time);
    }
}

}  // namespace
}  // namespace rapport
