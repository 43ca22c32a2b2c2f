#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "rapport/core/enum_names.hpp"

namespace rapport {

/// A file as text.
struct ExportText {
    std::string text;                ///< valid UTF-8, without a byte order mark
    std::size_t replaced_bytes = 0;  ///< ill-formed parts that became U+FFFD
    std::string name_in_archive{};   ///< of the chat in a `.zip`, else empty
};

/// Reads a text file in UTF-8, or UTF-16 with a byte order mark, or the chat inside a `.zip` that a
/// phone hands over (told by its content, not its name). Throws InvalidArgument that names the file
/// and says why: not there, a folder, not readable, encrypted, no chat in it, a .zip out of a
/// pipe, a text of over 512 MiB.
ExportText read_export(const std::filesystem::path& file);

/// Bytes as text; see read_export.
ExportText decode_text(std::string_view bytes);

/// What a file holds.
enum class InputFormat : std::uint8_t { kWhatsApp, kJsonl, kExport };

constexpr auto enum_names(InputFormat) {
    return std::to_array<EnumName<InputFormat>>({{InputFormat::kWhatsApp, "whatsapp"},
                                                 {InputFormat::kJsonl, "jsonl"},
                                                 {InputFormat::kExport, "export"}});
}

/// What `rapport export` writes is told by its file (is_lead_export). Of what else there is: JSONL
/// where the first character that is no blank opens an object, else a WhatsApp export.
InputFormat detect_format(std::string_view text);

}  // namespace rapport
