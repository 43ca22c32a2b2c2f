#include "rapport/channel/export_file.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>

#include "rapport/channel/chat_text.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{512} * 1024 * 1024;

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view why) {
    throw InvalidArgument(fmt::format("{}: {}", file.string(), why));
}

std::ifstream open_file(const std::filesystem::path& file) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (!std::filesystem::exists(status)) refuse(file, "no such file");
    if (std::filesystem::is_directory(status)) {
        refuse(file, "a folder; expected an exported chat (.txt or .zip) or a .jsonl file");
    }
    std::ifstream in(file, std::ios::binary);
    if (!in) refuse(file, fmt::format("cannot be read: {}", std::strerror(errno)));
    return in;
}

/// What is left of a file; `bytes` is what was read of it.
std::string read_rest(const std::filesystem::path& file, std::ifstream& in, std::string bytes) {
    std::string piece(std::size_t{1} << 20, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
        bytes.append(piece, 0, static_cast<std::size_t>(in.gcount()));
        if (bytes.size() > kMaxBytes) refuse(file, "over 512 MiB; split it");
    }
    if (in.bad()) refuse(file, "cannot be read to its end");
    return bytes;
}

struct CloseZip {
    void operator()(zip_t* archive) const { zip_discard(archive); }
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};

/// The chat among the files of an archive: iOS calls it `_chat.txt`, Android names it after the
/// other side (`WhatsApp Chat with …`, translated but for the first word); other texts are files
/// that were sent, unless there is no more than one.
zip_int64_t find_chat(zip_t* archive) {
    zip_int64_t named = -1;
    zip_int64_t only = -1;
    int texts = 0;
    const zip_int64_t count = zip_get_num_entries(archive, 0);
    for (zip_int64_t i = 0; i < count; ++i) {
        const char* raw = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
        if (raw == nullptr) continue;
        const std::string_view path(raw);
        const std::string_view name = path.substr(path.rfind('/') + 1);
        if (!name.ends_with(".txt") || path.starts_with("__MACOSX/")) continue;
        if (name == "_chat.txt") return i;
        if (named < 0 && name.find("WhatsApp") != std::string_view::npos) named = i;
        only = i;
        ++texts;
    }
    return named >= 0 ? named : texts == 1 ? only : -1;
}

ExportText read_chat(const std::filesystem::path& file) {
    if (!std::filesystem::is_regular_file(file)) {
        refuse(file, "a .zip that comes out of a pipe; save it to a file first");
    }
    int code = 0;
    const std::unique_ptr<zip_t, CloseZip> archive(zip_open(file.c_str(), ZIP_RDONLY, &code));
    if (!archive) refuse(file, "a damaged .zip; export the chat again");
    const zip_int64_t found = find_chat(archive.get());
    if (found < 0) {
        refuse(file, "a .zip without a chat: no _chat.txt, no WhatsApp….txt, no other single .txt");
    }
    const auto index = static_cast<zip_uint64_t>(found);
    zip_stat_t stat{};
    zip_stat_index(archive.get(), index, 0, &stat);
    if ((stat.valid & ZIP_STAT_SIZE) == 0) refuse(file, "a damaged .zip; export the chat again");
    if (stat.size > kMaxBytes) refuse(file, "the chat in it is over 512 MiB; split it");
    if (stat.encryption_method != ZIP_EM_NONE) {
        refuse(file, "the chat in this .zip is encrypted; unpack it first");
    }
    const std::unique_ptr<zip_file_t, CloseZip> chat(zip_fopen_index(archive.get(), index, 0));
    if (!chat) refuse(file, "the chat in this .zip cannot be unpacked; export it again");
    std::string bytes(stat.size, '\0');
    const zip_int64_t read = zip_fread(chat.get(), bytes.data(), bytes.size());
    if (read < 0 || static_cast<zip_uint64_t>(read) != stat.size) {
        refuse(file, "the chat in this .zip is damaged; export it again");
    }
    ExportText decoded = decode_text(bytes);
    if (const char* name = zip_get_name(archive.get(), index, ZIP_FL_ENC_GUESS)) {
        decoded.name_in_archive = name;
    }
    return decoded;
}

/// UTF-16 after its byte order mark; lone surrogates and a cut last unit become U+FFFD.
ExportText from_utf16(std::string_view bytes, bool big_endian) {
    ExportText decoded;
    const auto unit = [&](std::size_t i) -> char32_t {
        const auto first = static_cast<unsigned char>(bytes[i]);
        const auto second = static_cast<unsigned char>(bytes[i + 1]);
        return static_cast<char32_t>(big_endian ? first << 8 | second : second << 8 | first);
    };
    const auto replace = [&] {
        chat_text::append(decoded.text, 0xFFFD);
        ++decoded.replaced_bytes;
    };
    std::size_t i = 0;
    for (; i + 1 < bytes.size(); i += 2) {
        const char32_t high = unit(i);
        if (high < 0xD800 || high > 0xDFFF) {
            chat_text::append(decoded.text, high);
            continue;
        }
        const char32_t low = i + 3 < bytes.size() ? unit(i + 2) : 0;
        if (high < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF) {
            chat_text::append(decoded.text, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            i += 2;
        } else {
            replace();
        }
    }
    if (i < bytes.size()) replace();
    return decoded;
}

}  // namespace

ExportText decode_text(std::string_view bytes) {
    if (bytes.starts_with("\xFF\xFE")) return from_utf16(bytes.substr(2), false);
    if (bytes.starts_with("\xFE\xFF")) return from_utf16(bytes.substr(2), true);
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    RepairedText repaired = repair_utf8(bytes);
    return {.text = std::move(repaired.text), .replaced_bytes = repaired.replaced};
}

ExportText read_export(const std::filesystem::path& file) {
    std::ifstream in = open_file(file);
    std::string start(4, '\0');
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(in.gcount()));
    const bool is_zip = start == "PK\x03\x04" || start == "PK\x05\x06";
    return is_zip ? read_chat(file) : decode_text(read_rest(file, in, std::move(start)));
}

InputFormat detect_format(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool object = first != std::string_view::npos && text[first] == '{';
    return object ? InputFormat::kJsonl : InputFormat::kWhatsApp;
}

}  // namespace rapport
