#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "rapport/channel/export_file.hpp"
#include "rapport/channel/whatsapp_export.hpp"
#include "rapport/core/utf8.hpp"

/// Any bytes parse; all that comes out is valid UTF-8, and each record starts on a line of its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rapport;
    const ExportText text = decode_text({reinterpret_cast<const char*>(data), size});
    const WhatsAppExport parsed = parse_whatsapp(text.text);
    std::int64_t line = 0;
    for (const ExportRecord& record : parsed.records) {
        const bool valid = is_valid_utf8(record.text) &&
                           is_valid_utf8(record.author.value_or("")) &&
                           (!record.attachment || is_valid_utf8(record.attachment->name));
        if (!valid || record.line <= line || record.system == record.author.has_value())
            std::abort();
        line = record.line;
    }
    const std::vector<std::string> sides(parsed.records.size(), "them");
    if (record_identities(parsed.records, sides).size() != parsed.records.size()) std::abort();
    return 0;
}
