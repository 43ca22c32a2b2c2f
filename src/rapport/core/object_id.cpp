#include "rapport/core/object_id.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <new>
#include <system_error>

namespace rapport {
namespace {

struct ProcessPart {
    std::array<std::uint8_t, 5> random{};
    std::atomic<std::uint32_t> counter{};

    ProcessPart() {
        begin();
        ours = this;
        // A child that went on where its parent is would give the same ids.
        if (::pthread_atfork(nullptr, nullptr, [] { ours->begin(); }) != 0) throw std::bad_alloc();
    }

  private:
    /// By the system alone: in a child, locks of threads that are no more may be held for ever.
    void begin() {
        std::uint32_t first = 0;
        if (::getentropy(random.data(), random.size()) != 0 ||
            ::getentropy(&first, sizeof first) != 0) {
            throw std::system_error(errno, std::generic_category(), "no random numbers");
        }
        counter = first;
    }

    static inline ProcessPart* ours = nullptr;
};

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

ObjectId ObjectId::generate() {
    static ProcessPart process;
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(since_1970).count());
    const std::uint32_t count = process.counter.fetch_add(1, std::memory_order_relaxed);
    ObjectId id;
    for (int i = 0; i < 4; ++i) {
        id.bytes[i] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i));
    }
    std::ranges::copy(process.random, id.bytes.begin() + 4);
    for (int i = 0; i < 3; ++i) {
        id.bytes[9 + i] = static_cast<std::uint8_t>(count >> (16 - 8 * i));
    }
    return id;
}

std::optional<ObjectId> ObjectId::parse(std::string_view text) {
    if (text.size() != 24) return std::nullopt;
    ObjectId id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        const int high = hex_value(text[2 * i]);
        const int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        id.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return id;
}

std::string ObjectId::to_string() const {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

}  // namespace rapport
