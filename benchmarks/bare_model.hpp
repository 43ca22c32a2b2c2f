#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// The workload's leads and messages as plain structs with a codec of their own: what a program on
// the bare drivers would write. Nothing of Rapport is used.
namespace rapport::bare {

/// Milliseconds since 1970, a BSON date.
struct Date {
    std::int64_t ms = 0;
};
Date now();

struct Message {
    std::string lead_id, role, content;
    std::int32_t tokens = 0;
    Date timestamp, created_at, updated_at;
};

struct Confidence {
    double value = 0;
    std::string reasoning;
};

struct Signal {
    std::string dimension, extracted_value;
    Confidence confidence;
    std::string source_message_id;
    bool is_inferred = false;
    std::string raw_evidence;
};

struct Lead {
    std::string lead_id, full_name, current_stage;
    std::vector<Message> recent_history;
    std::vector<Signal> signals;
    std::int32_t message_count = 0;
    Date next_followup_at, last_interaction_at;
    std::string handoff_status;
    Date created_at, updated_at;

    /// Appends to the history, of which the last 20 are kept.
    void add(const Message& message);
};

/// Owns a libbson document.
class Document {
  public:
    explicit Document(bson_t* made = bson_new()) : bson_(made) {}
    ~Document() { bson_destroy(bson_); }
    Document(Document&& other) noexcept : bson_(std::exchange(other.bson_, nullptr)) {}
    Document& operator=(Document&&) = delete;

    bson_t* get() const { return bson_; }

  private:
    bson_t* bson_;
};

/// Appends the members to a document; reads them from one, whatever else is there.
void encode(const Message& message, bson_t* document);
void encode(const Lead& lead, bson_t* document);
void decode(const bson_t* document, Message& message);
void decode(const bson_t* document, Lead& lead);

inline constexpr int kLeads = 10'000;
/// The lead of the stream, and how many messages it has.
inline constexpr auto kTalkative = "+525599999999";
inline constexpr int kTalk = 100'000;

std::string lead_id(int i);
Message make_message(const std::string& lead_id, int i, Date at);
/// A lead of 7.3 KB: 20 messages of history, 10 signals.
Lead make_lead(int i, Date at);

}  // namespace rapport::bare
