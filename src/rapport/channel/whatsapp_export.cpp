#include "rapport/channel/whatsapp_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "rapport/channel/chat_text.hpp"
#include "rapport/channel/export_body.hpp"
#include "rapport/channel/export_dates.hpp"
#include "rapport/channel/export_header.hpp"
#include "rapport/channel/hash.hpp"

namespace rapport {
namespace {

struct Line {
    std::int64_t number;
    std::string_view text;  ///< without its line end
    std::optional<ExportHeader> header;
};

std::vector<Line> split_lines(std::string_view text) {
    std::vector<Line> lines;
    std::int64_t number = 1;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back({number++, line, read_export_header(line)});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// Of heads without a separator, only those with an author or a notice are ones: a sentence may
/// start with a date, too.
bool is_plausible(const Line& line) {
    if (line.header->style.separator != ' ') return true;
    const std::string_view body = line.text.substr(line.header->body);
    return split_author(body).author.has_value() || is_notice(body);
}

/// An export writes all its heads in one way: the most frequent, at a tie the first. What looks
/// like a head of another kind was written by a person.
void keep_one_style(std::vector<Line>& lines) {
    std::vector<std::pair<HeaderStyle, std::size_t>> styles;
    for (Line& line : lines) {
        if (!line.header) continue;
        if (!is_plausible(line)) {
            line.header.reset();
            continue;
        }
        auto known = std::ranges::find(styles, line.header->style,
                                       &std::pair<HeaderStyle, std::size_t>::first);
        if (known == styles.end()) known = styles.insert(styles.end(), {line.header->style, 0});
        ++known->second;
    }
    if (styles.empty()) return;
    const HeaderStyle style =
        std::ranges::max_element(styles, {}, &std::pair<HeaderStyle, std::size_t>::second)->first;
    for (Line& line : lines) {
        if (line.header && line.header->style != style) line.header.reset();
    }
}

ExportRecord record_of(const Line& line, LocalTime time) {
    const ExportHeader& header = *line.header;
    ExportRecord record;
    record.line = line.number;
    record.local_time = time;
    record.written_time = fmt::format("{}.{}.{} {}:{}:{}", header.date[0], header.date[1],
                                      header.date[2], header.hour, header.minute, header.second);
    return record;
}

}  // namespace

WhatsAppExport parse_whatsapp(std::string_view text, DateOrder order) {
    std::vector<Line> lines = split_lines(text);
    keep_one_style(lines);
    WhatsAppExport parsed;
    parsed.date_order = order;
    if (order == DateOrder::kAuto) {
        std::vector<ExportHeader> headers;
        for (const Line& line : lines) {
            if (line.header) headers.push_back(*line.header);
        }
        parsed.date_order = find_date_order(headers);
    }

    std::string raw;
    std::unordered_set<std::string> known_authors;
    const auto finish = [&] {
        if (parsed.records.empty()) return;
        ExportRecord& record = parsed.records.back();
        read_body(raw, record);
        if (record.author && known_authors.insert(*record.author).second) {
            parsed.authors.push_back(*record.author);
        }
    };
    for (const Line& line : lines) {
        std::optional<LocalTime> time;
        if (line.header) time = moment_of(*line.header, parsed.date_order);
        if (line.header && !time && ++parsed.impossible_dates == 1) {
            parsed.first_impossible = line.number;
        }
        if (time) {
            finish();
            parsed.records.push_back(record_of(line, *time));
            auto [author, first_line] = split_author(line.text.substr(line.header->body));
            parsed.records.back().author = std::move(author);
            raw = first_line;
        } else if (!parsed.records.empty()) {
            raw += '\n';
            raw += line.text;
        } else if (!chat_text::trim(line.text).empty()) {
            ++parsed.lines_before_first;
        }
    }
    finish();
    return parsed;
}

std::vector<std::string> record_identities(const std::vector<ExportRecord>& records,
                                           const std::vector<std::string>& sides) {
    std::unordered_map<std::string, int> seen;
    std::vector<std::string> identities;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const ExportRecord& record = records[i];
        const std::string hash =
            short_hash({record.written_time, sides[i], record.text,
                        record.attachment ? record.attachment->name : std::string()});
        identities.push_back(fmt::format("{}:{}", hash, ++seen[hash]));
    }
    return identities;
}

bool is_phone_author(std::string_view author) {
    std::size_t digits = 0;
    for (const chat_text::Character& character : chat_text::simplify(author)) {
        if (character.code >= '0' && character.code <= '9') {
            ++digits;
        } else if (std::u32string_view(U"+ -().~").find(character.code) ==
                   std::u32string_view::npos) {
            return false;
        }
    }
    return digits >= 7;
}

}  // namespace rapport
