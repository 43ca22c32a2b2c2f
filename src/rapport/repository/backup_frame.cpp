// https://github.com/facebook/zstd/blob/dev/doc/zstd_compression_format.md: what is not content
// stands in skippable frames, so that any Zstandard program can unpack the file.
#include "rapport/repository/backup_frame.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kHeadMagic = "\x50\x2A\x4D\x18"sv;
constexpr std::string_view kTail = "\x51\x2A\x4D\x18\x20\0\0\0"sv;
constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;
/// The window of what we write is 2 MiB; a file that wants more has another origin.
constexpr int kMostWindowLog = 23;
/// A document as JSON may have more bytes than as BSON: every `"` becomes two, a control character
/// six.
constexpr std::size_t kMostLineBytes = std::size_t{6} * 16 * 1024 * 1024;

/// A skippable frame with the title.
std::string head_of(const FileKind& kind) {
    std::string head(kHeadMagic);
    head += static_cast<char>(kind.title.size());
    head.append(3, '\0');
    return head.append(kind.title);
}

struct FreeDigest {
    void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};

class Sha256 {
  public:
    Sha256() : context_(EVP_MD_CTX_new()) {
        if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
            throw Unavailable("OpenSSL has no SHA-256 to offer: check its configuration");
        }
    }
    void add(std::string_view bytes) {
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }
    std::string finish() {
        std::string digest(kDigestBytes, '\0');
        EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                           nullptr);
        return digest;
    }

  private:
    std::unique_ptr<EVP_MD_CTX, FreeDigest> context_;
};

struct FreeCompression {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct BackupEncoder::State {
    Sink sink;
    Sha256 digest{};
    std::unique_ptr<ZSTD_CCtx, FreeCompression> zstd{ZSTD_createCCtx()};
    std::string out = std::string(kPieceBytes, '\0');
};

BackupEncoder::BackupEncoder(Sink sink, FileKind kind)
    : state_(std::make_unique<State>(State{.sink = std::move(sink)})) {
    ZSTD_CCtx_setParameter(state_->zstd.get(), ZSTD_c_checksumFlag, 1);
    put(head_of(kind));
}

BackupEncoder::~BackupEncoder() = default;

void BackupEncoder::put(std::string_view bytes) {
    state_->digest.add(bytes);
    state_->sink(bytes);
}

void BackupEncoder::compress(std::string_view content, bool is_end) {
    ZSTD_inBuffer in{content.data(), content.size(), 0};
    bool is_done = false;
    while (!is_done) {
        ZSTD_outBuffer out{state_->out.data(), state_->out.size(), 0};
        const std::size_t left = ZSTD_compressStream2(state_->zstd.get(), &out, &in,
                                                      is_end ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left) != 0) {
            throw Unavailable(fmt::format("Zstandard: {}", ZSTD_getErrorName(left)));
        }
        if (out.pos > 0) put({state_->out.data(), out.pos});
        is_done = is_end ? left == 0 : in.pos == in.size;
    }
}

void BackupEncoder::write(std::string_view content) { compress(content, false); }

void BackupEncoder::finish() {
    compress({}, true);
    const std::string digest = state_->digest.finish();
    state_->sink(std::string(kTail) + digest);
}

struct BackupDecoder::State {
    std::istream& in;
    std::string name;
    FileKind kind;
    Sha256 digest{};
    std::unique_ptr<ZSTD_DCtx, FreeCompression> zstd{ZSTD_createDCtx()};
    /// Of the file, up to its tail.
    std::size_t bytes_left = 0;
    std::string packed{};
    std::size_t packed_at = 0;
    std::string content{};
    std::size_t content_at = 0;
    bool frame_ended = false;
    bool is_checked = false;
};

BackupDecoder::BackupDecoder(std::istream& in, std::string name, FileKind kind)
    : state_(std::make_unique<State>(State{.in = in, .name = std::move(name), .kind = kind})) {
    ZSTD_DCtx_setParameter(state_->zstd.get(), ZSTD_d_windowLogMax, kMostWindowLog);
    check_head();
}

BackupDecoder::~BackupDecoder() = default;

void BackupDecoder::refuse(std::string_view why) const {
    throw InvalidDocument(fmt::format("{}: {}", state_->name, why));
}

std::string BackupDecoder::take(std::size_t size) {
    std::string bytes(size, '\0');
    state_->in.read(bytes.data(), static_cast<std::streamsize>(size));
    if (std::cmp_not_equal(state_->in.gcount(), size)) refuse("cut short, or it cannot be read");
    return bytes;
}

void BackupDecoder::check_head() {
    std::istream& in = state_->in;
    in.seekg(0, std::ios::end);
    const auto end = in.tellg();
    in.seekg(0);
    if (!in || end < 0) refuse("cannot be read: expected a file, not a pipe");
    const auto size = static_cast<std::size_t>(end);
    const std::string expected = head_of(state_->kind);
    const std::string_view up_to_version =
        std::string_view(expected).substr(0, expected.size() - 2);
    const std::string head = take(std::min(size, expected.size()));
    if (!head.starts_with(up_to_version)) {
        refuse(fmt::format("not {} of Rapport", state_->kind.called));
    }
    if (head != expected) {
        refuse(fmt::format("{} of a version that this program does not know, or altered",
                           state_->kind.called));
    }
    if (size < expected.size() + kTail.size() + kDigestBytes) refuse("cut short");
    state_->digest.add(head);
    state_->bytes_left = size - expected.size() - kTail.size() - kDigestBytes;
}

void BackupDecoder::check_tail() {
    const std::string tail = take(kTail.size());
    const std::string digest = take(kDigestBytes);
    if (tail != kTail || digest != state_->digest.finish()) {
        refuse("altered or cut short: its checksum does not fit");
    }
    state_->is_checked = true;
}

std::string BackupDecoder::next_packed() {
    std::string packed = take(std::min(state_->bytes_left, kPieceBytes));
    state_->bytes_left -= packed.size();
    state_->digest.add(packed);
    return packed;
}

void BackupDecoder::check() {
    while (state_->bytes_left > 0) next_packed();
    check_tail();
}

/// More content, where there is more.
void BackupDecoder::fill() {
    State& state = *state_;
    state.content.erase(0, state.content_at);
    state.content_at = 0;
    if (state.packed_at == state.packed.size()) {
        if (state.bytes_left == 0) refuse("altered or cut short: its content does not end");
        state.packed = next_packed();
        state.packed_at = 0;
    }
    const std::size_t before = state.content.size();
    state.content.resize(before + kPieceBytes);
    ZSTD_inBuffer in{state.packed.data(), state.packed.size(), state.packed_at};
    ZSTD_outBuffer out{state.content.data(), state.content.size(), before};
    const std::size_t left = ZSTD_decompressStream(state.zstd.get(), &out, &in);
    state.packed_at = in.pos;
    state.content.resize(out.pos);
    if (ZSTD_isError(left) != 0) refuse("altered: its content cannot be unpacked");
    state.frame_ended = left == 0;
    if (state.frame_ended && (state.packed_at < state.packed.size() || state.bytes_left > 0)) {
        refuse("altered: something stands behind its content");
    }
}

std::string BackupDecoder::read(std::size_t size) {
    while (state_->content.size() - state_->content_at < size) {
        if (state_->frame_ended) refuse("altered or cut short: its content ends too early");
        fill();
    }
    std::string bytes = state_->content.substr(state_->content_at, size);
    state_->content_at += size;
    return bytes;
}

std::optional<std::string> BackupDecoder::read_line() {
    if (at_end()) return std::nullopt;
    std::size_t size = 0;
    while (true) {
        const std::string_view rest = std::string_view(state_->content).substr(state_->content_at);
        const std::size_t end = rest.find('\n', size);
        if (end != std::string_view::npos) {
            std::string line(rest.substr(0, end));
            state_->content_at += end + 1;
            return line;
        }
        size = rest.size();
        if (state_->frame_ended) refuse("altered: its last line has no end");
        if (size > kMostLineBytes) refuse("altered: a line of it is too long");
        fill();
    }
}

bool BackupDecoder::at_end() {
    while (state_->content.size() == state_->content_at && !state_->frame_ended) fill();
    if (state_->content.size() > state_->content_at) return false;
    if (!state_->is_checked) check_tail();
    return true;
}

}  // namespace rapport
