#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rapport/repository/content.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/signal_page.hpp"
#include "rapport/repository/stream.hpp"

namespace rapport {

/// One piece of a database's content: a document, or the end of a group of leads with their
/// messages.
struct Record {
    /// One of known_collections(); null at the end of a group.
    const Collection* collection = nullptr;
    /// In its portable form.
    Document document{};
    /// At the end of a group: the `_id`s of those of its leads that do not count, nor what was said
    /// of them: erased, or emptied, while they were read.
    std::vector<Scalar> dropped{};

    bool ends_group() const { return collection == nullptr; }
    bool is_lead() const;
    bool is_message() const;
    /// Of signals that a lead has no room for.
    bool is_signals() const;
    /// The `_id` of the lead that it is of; nothing where it is of none.
    Scalar lead() const;
};

/// Everything that a database holds, in bounded memory, while turns go on: first the collections
/// that belong to no lead, one after another, then the leads in groups, each lead before its
/// messages, and behind them the pages of signals. A lead stands there with its messages as of one
/// version: it is read first, and of the messages that it has counted those up to its count; what a
/// crash has left in the lead alone is taken from there. A lead that is erased meanwhile is dropped
/// at the end of its group; one that is emptied comes again in a group of its own. Changes nothing.
class Snapshot {
  public:
    explicit Snapshot(Store& store);

    /// The next record; absent at the end.
    Async<std::optional<Record>> next();

  private:
    /// A lead of the group that is being read.
    struct Reading {
        Document document;
        std::int64_t counted = 0;
        std::vector<Message> unsettled{};
    };

    Async<void> advance();
    Async<void> read_other();
    Async<void> begin_group();
    Async<void> read_messages();
    Async<void> read_pages();
    Async<void> end_group();
    void emit(const Collection& collection, const Document& document);
    void emit_leads_up_to(const std::string& lead_id);
    void emit_message(const Document& message);

    Store& store_;
    LeadRepository leads_;
    std::deque<Record> ready_{};

    std::size_t other_ = 0;
    std::optional<DocumentStream> stream_{};

    enum class Stage { kOthers, kLeads, kMessages, kPages, kEnd };
    Stage stage_ = Stage::kOthers;
    /// Up to which lead_id everything is read.
    std::string passed_{};
    bool is_last_group_ = false;
    /// Emptied while they were read: to be read again.
    std::vector<Scalar> again_{};
    bool is_again_ = false;

    std::map<Scalar, Reading> group_{};
    std::map<std::string, Scalar> by_lead_id_{};
    std::set<ObjectId> emitted_{};
    /// Whose pages are read.
    std::vector<Scalar> with_pages_{};
    /// Where the walk through the group's messages stands.
    std::string upto_{};
    std::string within_{};
    std::vector<Scalar> position_{};
};

/// Counts what records hold, but for what their groups drop.
class ContentCount {
  public:
    void add(const Record& record);
    const Content& content() const { return content_; }
    std::int64_t others() const { return others_; }

  private:
    Content content_{};
    std::int64_t others_ = 0;
    std::map<Scalar, Content> group_{};
};

}  // namespace rapport
