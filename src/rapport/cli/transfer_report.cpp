#include "rapport/cli/transfer_report.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "rapport/cli/operator_name.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

constexpr std::size_t kMostNamed = 20;

void print_json(const Transferred& done) {
    const Received& received = done.received;
    JsonWriter out;
    out.add("leads", received.leads);
    out.add("messages", received.messages);
    out.add("leads_there", received.leads_there);
    out.add("messages_there", received.messages_there);
    out.add("expired", received.expired);
    out.add("unreadable", received.unreadable);
    out.add("shortened", received.shortened);
    out.add("restored", received.restored);
    out.add("erased", done.erased);
    out.add("content", std::string_view(done.content.hash()));
    out.add("verified", done.is_verified);
    out.begin_array("refused");
    for (const std::string& why : received.refused) out.add({}, std::string_view(why));
    out.end();
    fmt::print("{}\n", out.finish());
}

void warn_about(const Transferred& done) {
    const Received& received = done.received;
    if (received.expired > 0) {
        spdlog::warn(
            "{} messages left out: older than MESSAGE_RETENTION_DAYS allows, they would be removed "
            "at once (ENABLE_MESSAGE_ARCHIVAL=false keeps them)",
            received.expired);
    }
    if (received.shortened > 0) {
        spdlog::warn("{} documents have members of other systems, which SQLite has no columns for",
                     received.shortened);
    }
    if (received.unreadable > 0) {
        spdlog::warn(
            "{} documents left out: they do not fit their type, and SQLite has no place "
            "for them",
            received.unreadable);
    }
    if (received.restored > 0) {
        spdlog::warn("{} erased persons restored; the audit has an entry for each",
                     received.restored);
    }
    if (done.erased > 0) {
        spdlog::warn("{} persons removed who were erased in the source since", done.erased);
    }
}

}  // namespace

TransferProgress TransferBars::progress() {
    return {[this](std::string_view step, std::int64_t documents) {
                check();
                bar_.reset();
                step_ = step;
                done_ = 0;
                if (documents > 0)
                    bar_ = std::make_unique<Progress>(std::string(step), documents, outcome());
            },
            [this](std::int64_t documents) {
                done_ += documents;
                check();
                if (bar_) bar_->advance(documents);
            }};
}

TransferOptions transfer_options(const Context& context) {
    const Settings& settings = context.settings().settings;
    return {settings.audit_key, settings.default_region, false, operator_name("")};
}

void report(Context& context, const Transferred& done) {
    const Received& received = done.received;
    warn_about(done);
    if (context.json) {
        print_json(done);
    } else {
        fmt::print("{} leads and {} messages stored, {} and {} were there already\n",
                   received.leads, received.messages, received.leads_there,
                   received.messages_there);
        if (done.is_verified) fmt::print("verified: content {}\n", done.content.hash());
    }
    for (std::size_t i = 0; i < received.refused.size() && i < kMostNamed; ++i) {
        fmt::print(stderr, "rapport: {}\n", received.refused[i]);
    }
    if (received.refused.size() > kMostNamed) {
        fmt::print(stderr, "rapport: and {} more\n", received.refused.size() - kMostNamed);
    }
    if (!received.refused.empty() || received.unreadable > 0) context.exit_code = kDataProblem;
    if (done.is_verified) return;
    throw VersionConflict(
        "the database does not hold exactly what was stored",
        "it was changed meanwhile, or holds messages of its own: run this again, or begin with an "
        "empty database");
}

void TransferBars::check() const {
    if (Interruption::requested()) throw Interrupted("stopped: " + outcome());
}

std::string TransferBars::outcome() const {
    if (!when_stopped_.empty()) return when_stopped_;
    if (step_ == "verifying") {
        return "all is stored, but not compared with what it was: run this again to do so";
    }
    if (step_ != "copying" && step_ != "restoring") return "nothing was stored";
    return fmt::format(
        "{} leads and messages dealt with; every lead that is there is whole. Run this again: it "
        "goes on",
        done_);
}

}  // namespace rapport::cli
