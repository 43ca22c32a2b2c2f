#include "rapport/channel/export_body.hpp"

#include <algorithm>

#include "rapport/channel/chat_text.hpp"
#include "rapport/channel/export_phrases.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

using chat_text::lower;
using chat_text::trim;
using chat_text::without_marks;
using phrases::Phrases;

/// The mark in front of what WhatsApp itself writes; its twin where writing runs right to left.
constexpr std::string_view kMark = "\u200E";
constexpr std::string_view kRightToLeftMark = "\u200F";

bool is_marked(std::string_view text) {
    return text.starts_with(kMark) || text.starts_with(kRightToLeftMark);
}

bool holds_any(std::string_view text, Phrases parts) {
    return std::ranges::any_of(
        parts, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

bool starts_with_any(std::string_view text, Phrases starts) {
    return std::ranges::any_of(starts,
                               [&](std::string_view start) { return text.starts_with(start); });
}

/// The one of these that ends a text, or nothing.
std::string_view end_of(std::string_view text, Phrases ends) {
    for (const std::string_view end : ends) {
        if (text.ends_with(end)) return end;
    }
    return {};
}

bool is_any(std::string_view text, Phrases all) {
    return std::ranges::find(all, text) != all.end();
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view last_line(std::string_view text) {
    const std::size_t end = text.rfind('\n');
    return end == std::string_view::npos ? text : text.substr(end + 1);
}

/// `IMG-20210428-WA0001.jpg`: a name with an extension of letters and digits.
bool is_file_name(std::string_view text) {
    constexpr std::size_t kLongestName = 255;
    constexpr std::size_t kLongestExtension = 10;
    const std::size_t dot = text.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || text.size() > kLongestName) return false;
    const std::string_view extension = text.substr(dot + 1);
    return !extension.empty() && extension.size() <= kLongestExtension &&
           std::ranges::all_of(extension, [](unsigned char c) { return std::isalnum(c) != 0; }) &&
           text.find_first_of("\n<>/") == std::string_view::npos;
}

ExportAttachment attachment_named(std::string_view name) {
    struct Kind {
        std::string_view kind;
        std::string_view extensions;
    };
    static constexpr Kind kKinds[] = {{"image", " jpg jpeg png gif heic heif bmp tif tiff "},
                                      {"video", " mp4 mov 3gp avi mkv m4v webm "},
                                      {"audio", " opus ogg oga m4a mp3 aac amr wav flac "},
                                      {"sticker", " webp was "},
                                      {"contact", " vcf "}};
    const std::string extension = " " + lower(name.substr(name.rfind('.') + 1)) + " ";
    for (const Kind& kind : kKinds) {
        if (kind.extensions.find(extension) != std::string_view::npos) {
            return {std::string(kind.kind), std::string(name)};
        }
    }
    return {"document", std::string(name)};
}

/// Takes `<attached: NAME>` (in any language) out of a line; what stands around it stays. Takes
/// `NAME <attached>`, a whole line, as well.
std::optional<std::string> take_bracketed_name(std::string& line) {
    const std::string_view text(line);
    const std::size_t close = text.rfind('>');
    const std::size_t open = close == std::string_view::npos ? close : text.rfind('<', close);
    if (open == std::string_view::npos) return std::nullopt;
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    const std::size_t wide_colon = inside.find("：");
    const std::size_t colon = std::min(inside.find(':'), wide_colon);
    if (colon == std::string_view::npos) {
        std::string name(trim(text.substr(0, open)));
        if (!is_file_name(name) || !trim(text.substr(close + 1)).empty()) return std::nullopt;
        line.clear();
        return name;
    }
    const std::size_t colon_bytes = colon == wide_colon ? std::string_view("：").size() : 1;
    std::string name(trim(inside.substr(colon + colon_bytes)));
    if (!is_file_name(name)) return std::nullopt;
    line.erase(open, close - open + 1);
    line = std::string(trim(line));
    return name;
}

/// Takes `NAME (file attached)`, a whole line. Names that WhatsApp gives itself (`…-WA0001.jpg`)
/// are enough where the language is not known.
std::optional<std::string> take_parenthesised_name(std::string& line) {
    const std::string_view text = trim(line);
    const std::size_t open = text.rfind('(');
    if (open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
    std::string name(trim(text.substr(0, open)));
    const std::string words = lower(trim(text.substr(open + 1, text.size() - open - 2)));
    const bool from_whatsapp = name.find("-WA") != std::string::npos;
    if (!is_file_name(name) || (!is_any(words, phrases::attached_marks()) && !from_whatsapp)) {
        return std::nullopt;
    }
    line.clear();
    return name;
}

/// The name of the file that came with a message; its line is taken out of `text`, which keeps the
/// caption.
std::optional<std::string> take_attachment(std::string& text) {
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view written = std::string_view(text).substr(start, end - start);
        std::optional<std::string> name;
        std::string line;
        if (written.find_first_of(">)") != std::string_view::npos) {
            line = without_marks(written);
            name = take_bracketed_name(line);
            if (!name) name = take_parenthesised_name(line);
        }
        if (name) {
            const bool whole_line = line.empty() && end < text.size();
            text.replace(start, end - start + (whole_line ? 1 : 0), line);
            while (text.ends_with('\n')) text.pop_back();
            return name;
        }
        start = end + 1;
    }
    return std::nullopt;
}

/// `<Media omitted>`, which Android writes in the phone's language.
bool is_bracketed_placeholder(std::string_view line) {
    constexpr std::size_t kLongest = 150;
    if (line.find('<') == std::string_view::npos) return false;
    const std::string text = lower(without_marks(trim(line)));
    if (text.size() < 4 || text.size() > kLongest || !text.starts_with('<')) return false;
    if (text.find_first_of("<>:/=", 1) != text.size() - 1) return false;
    const std::string_view inside(text.data() + 1, text.size() - 2);
    const auto first = static_cast<unsigned char>(inside.front());
    const bool words = inside.find(' ') != std::string_view::npos || !is_ascii(inside);
    return text.ends_with('>') && words && (first >= 0x80 || std::isalpha(first) != 0);
}

/// `image omitted`, which iOS writes behind a mark, after the caption.
bool is_omitted_placeholder(std::string_view line) {
    constexpr std::size_t kLongest = 100;
    std::size_t start = line.size();
    while (start > 0 && !is_marked(line.substr(start))) --start;
    const bool marked = is_marked(line.substr(start));
    const std::string_view placeholder = line.substr(start);
    if (placeholder.size() > kLongest) return false;
    const std::string text = lower(without_marks(trim(placeholder)));
    const std::string_view end = end_of(text, phrases::omitted_words());
    if (end.empty()) return false;
    // Without a mark, only the shortest form can be told from a sentence.
    const std::string_view name = trim(std::string_view(text).substr(0, text.size() - end.size()));
    return marked || is_any(name, phrases::media_names());
}

bool is_media_omitted(std::string_view text) {
    const std::string_view first = first_line(text);
    return is_bracketed_placeholder(first) || is_omitted_placeholder(first) ||
           is_omitted_placeholder(last_line(text));
}

/// Drops `<This message was edited>` from the end.
void drop_edited_mark(std::string& text) {
    if (!text.ends_with('>')) return;
    const std::size_t open = text.rfind('<');
    if (open == std::string::npos) return;
    std::string inside =
        lower(trim(std::string_view(text).substr(open + 1, text.size() - open - 2)));
    if (inside.ends_with('.')) inside.pop_back();
    if (!is_any(inside, phrases::edited_marks())) return;
    text.resize(open);
    while (text.ends_with(kMark)) text.resize(text.size() - kMark.size());
    if (text.ends_with(' ')) text.pop_back();
}

void drop_marks_in_front(std::string& text) {
    while (is_marked(text)) text.erase(0, kMark.size());
}

/// A notice that iOS writes under a name: one line behind a mark, with a notice's words.
bool is_named_notice(std::string_view text) {
    constexpr std::size_t kLongest = 600;
    constexpr std::size_t kShortest = 30;  // of the notices about encryption
    const bool marked = is_marked(text);
    if (text.size() > kLongest || (!marked && text.size() < kShortest)) return false;
    if (text.find('\n') != std::string_view::npos) return false;
    const std::string line = lower(text);
    if (!marked) return starts_with_any(line, phrases::encryption_notices());
    const bool one_sentence = line.find(". ") == std::string::npos;
    return holds_any(line, phrases::notices()) ||
           (one_sentence && holds_any(line, phrases::member_notices()));
}

/// A colon inside quotes is part of a group's name, not the end of an author's.
bool opens_quotes(std::string_view text) {
    const auto count = [&](std::string_view part) {
        std::ptrdiff_t found = 0;
        for (std::size_t at = text.find(part); at != std::string_view::npos;
             at = text.find(part, at + part.size())) {
            ++found;
        }
        return found;
    };
    return count("\"") % 2 == 1 || count("“") > count("”") || count("«") > count("»");
}

/// Where the author's name ends: the first colon with a blank, a mark or nothing behind it.
std::size_t find_colon(std::string_view line) {
    for (std::size_t at = line.find(':'); at != std::string_view::npos;
         at = line.find(':', at + 1)) {
        const std::string_view behind = line.substr(at + 1);
        if (behind.starts_with(' ') || is_marked(behind) || trim(behind).empty()) return at;
    }
    return std::string_view::npos;
}

bool is_plausible_name(std::string_view name) {
    constexpr std::size_t kMostCharacters = 80;
    constexpr std::ptrdiff_t kMostBlanks = 12;
    if (name.empty() || count_characters(name) > kMostCharacters || opens_quotes(name))
        return false;
    const std::ptrdiff_t blanks = std::ranges::count(name, ' ');
    if (blanks > kMostBlanks) return false;
    return (blanks == 0 && is_ascii(name)) || !holds_any(lower(name), phrases::notices());
}

}  // namespace

bool is_notice(std::string_view body) {
    const std::string line = lower(first_line(body));
    return holds_any(line, phrases::notices());
}

AuthorAndText split_author(std::string_view body) {
    const std::string_view line = first_line(body);
    const std::size_t colon = find_colon(line);
    if (colon == std::string_view::npos) return {std::nullopt, body};
    std::string author = without_marks(trim(line.substr(0, colon)));
    // People who are in no address book: `~ Ana`.
    if (author.starts_with("~")) author = std::string(trim(std::string_view(author).substr(1)));
    if (!is_plausible_name(author)) return {std::nullopt, body};
    std::string_view text = body.substr(colon + 1);
    if (text.starts_with(' ')) text.remove_prefix(1);
    return {std::move(author), text};
}

void read_body(std::string_view raw, ExportRecord& record) {
    while (raw.ends_with('\n')) raw.remove_suffix(1);
    record.text = raw;
    if (record.author) {
        drop_edited_mark(record.text);
        if (const auto name = take_attachment(record.text)) {
            record.attachment = attachment_named(*name);
        } else if (is_media_omitted(record.text)) {
            record.media_omitted = true;
        } else if (is_named_notice(raw)) {
            record.author.reset();
        }
    }
    record.system = !record.author.has_value();
    drop_marks_in_front(record.text);
}

}  // namespace rapport
