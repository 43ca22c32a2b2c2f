#include "rapport/repository/audit.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

constexpr std::size_t kMostNameBytes = 256;
constexpr std::size_t kKeyIdDigits = 8;

void check_name(const std::string& by) {
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    };
    if (by.empty() || by.size() > kMostNameBytes || !is_valid_utf8(by) ||
        std::ranges::any_of(by, is_control)) {
        throw InvalidArgument(
            "by: expected the name of who does it: 1 to 256 bytes of UTF-8, no control characters");
    }
}

Filter<AuditEntry> of_person(const std::string& key, const std::string& person) {
    return where(&AuditEntry::key) == key && where(&AuditEntry::person) == person;
}

Sort<AuditEntry> newest_first() {
    return Sort<AuditEntry>().descending(where(&AuditEntry::at)).descending(where(&AuditEntry::id));
}

}  // namespace

void AuditLog::require_key() const {
    if (!key_.empty()) return;
    throw InvalidArgument(
        "AUDIT_KEY: not set; the record of an erasure is keyed with it. Make one with "
        "`openssl rand -hex 32`, set it in the environment or in .env, and keep it as long as the "
        "database");
}

std::string AuditLog::hash(std::string_view text) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    if (HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), bytes, text.size(),
             digest.data(), &size) == nullptr) {
        throw Unavailable("audit: OpenSSL has no HMAC-SHA-256 to offer: check its configuration");
    }
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        fmt::format_to(std::back_inserter(hex), "{:02x}", digest.at(i));
    }
    return hex;
}

std::string AuditLog::key_id() const {
    return key_.empty() ? "" : hash("rapport: which key").substr(0, kKeyIdDigits);
}

Async<std::vector<AuditEntry>> AuditLog::find(Filter<AuditEntry> filter, Sort<AuditEntry> sort,
                                              std::int64_t limit, Deadline deadline) {
    std::vector<AuditEntry> entries;
    FindDocuments some{&audit_collection(), filter.node(), sort.keys(), limit};
    for (const Document& document : co_await store_.find(std::move(some), deadline)) {
        entries.push_back(from_document<AuditEntry>(document));
    }
    co_return entries;
}

Async<bool> AuditLog::holds_other_keys(Deadline deadline) {
    const auto key = where(&AuditEntry::key);
    const std::string own = key_id();
    if (!(co_await find(key > own, {}, 1, deadline)).empty()) co_return true;
    co_return !(co_await find(key < own, {}, 1, deadline)).empty();
}

Async<std::vector<AuditEntry>> AuditLog::entries(std::string lead_id, Deadline deadline) {
    require_key();
    co_return co_await find(of_person(key_id(), hash(lead_id)), newest_first(), 0, deadline);
}

Async<std::optional<AuditEntry>> AuditLog::last(std::string lead_id, Deadline deadline) {
    require_key();
    auto found = co_await find(of_person(key_id(), hash(lead_id)), newest_first(), 1, deadline);
    if (found.empty()) co_return std::nullopt;
    co_return std::move(found.front());
}

Async<AuditStanding> AuditLog::standing(std::string lead_id, Deadline deadline) {
    if (key_.empty()) {
        if (!co_await holds_other_keys(deadline)) co_return AuditStanding{};
        throw InvalidArgument(
            "AUDIT_KEY: not set, but the database has a record of erased persons, who are not to "
            "come back: set the key that they were erased with");
    }
    AuditStanding standing;
    const auto newest = co_await last(lead_id, deadline);
    if (!newest) {
        standing.erased = co_await holds_other_keys(deadline);
        co_return standing;
    }
    standing.erased = newest->action == AuditAction::kErased;
    const auto erasures =
        of_person(key_id(), hash(lead_id)) && where(&AuditEntry::action) == AuditAction::kErased;
    auto found = co_await find(erasures, newest_first(), 1, deadline);
    if (!found.empty()) standing.erasure = std::move(found.front());
    co_return standing;
}

Async<AuditEntry> AuditLog::begin(std::string lead_id, AuditEntry counts, Deadline deadline) {
    require_key();
    check_name(counts.by);
    counts.key = key_id();
    counts.person = hash(lead_id);
    counts.at = now();
    // Clocks of two machines may disagree; the order in which things were done must not.
    if (const auto newest = co_await last(lead_id, deadline)) {
        counts.at = std::max(counts.at, newest->at + std::chrono::milliseconds(1));
    }
    InsertDocuments insert{&audit_collection(), {to_document(counts)}};
    co_await store_.insert(std::move(insert), deadline);
    co_return counts;
}

Async<void> AuditLog::finish(AuditEntry entry, Deadline deadline) {
    Update<AuditEntry> done;
    done.set(where(&AuditEntry::finished_at), now());
    done.set(where(&AuditEntry::leads), entry.leads);
    done.set(where(&AuditEntry::messages), entry.messages);
    done.set(where(&AuditEntry::signals), entry.signals);
    const Filter<AuditEntry> same = where(&AuditEntry::id) == entry.id;
    co_await store_.update({&audit_collection(), same.node(), done.changes()}, deadline);
}

}  // namespace rapport
