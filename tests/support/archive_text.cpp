#include "tests/support/archive_text.hpp"

#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace rapport::testing {
namespace {

std::string unpacked(const std::string& packed) {
    const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd(ZSTD_createDCtx(),
                                                                    ZSTD_freeDCtx);
    std::string text;
    std::string piece(1 << 16, '\0');
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    while (in.pos < in.size) {
        ZSTD_outBuffer out{piece.data(), piece.size(), 0};
        if (ZSTD_isError(ZSTD_decompressStream(zstd.get(), &out, &in)) != 0) {
            throw std::runtime_error("not a Zstandard file");
        }
        text.append(piece, 0, out.pos);
    }
    return text;
}

}  // namespace

std::vector<std::filesystem::path> archive_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".zst") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

std::string archive_text(const std::filesystem::path& folder) {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        text += entry.path().extension() == ".zst" ? unpacked(bytes) : bytes;
    }
    return text;
}

}  // namespace rapport::testing
