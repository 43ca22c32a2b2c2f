#include "rapport/repository/backup_file.hpp"

#include <cstring>
#include <utility>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"

namespace rapport {
namespace {

constexpr std::size_t kLengthBytes = 4;
/// A document with what says where it belongs.
constexpr std::size_t kMostRecordBytes = kMaxDocumentBytes + 1024;
/// As deep as MongoDB allows.
constexpr int kMostLevels = 100;

/// Every record is a document with one member, whose name says what it is: that of a collection, or
/// one of these.
constexpr auto kHead = "head";
constexpr auto kGroup = "group";
constexpr auto kEnd = "end";

/// Throws Corrupt for what is not BSON at some depth.
void check_all(std::string_view bytes, int levels) {
    if (levels == 0) throw Corrupt("nested too deeply");
    for (BsonReader in(bytes); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.type() == BsonType::kDocument || element.type() == BsonType::kArray) {
            check_all(element.as_nested(), levels - 1);
        }
    }
}

Document record_of(std::string_view name, const Document& content) {
    BsonWriter out;
    out.add(name, content);
    return out.finish();
}

}  // namespace

BackupWriter::BackupWriter(Sink sink, const BackupInfo& info) : file_(std::move(sink)) {
    BsonWriter head;
    head.add("made_at", info.made_at);
    head.add("engine", std::string_view(info.engine));
    file_.write(record_of(kHead, head.finish()).bytes());
}

void BackupWriter::write(const Record& record) {
    count_.add(record);
    if (!record.ends_group()) {
        file_.write(record_of(record.collection->name, record.document).bytes());
        return;
    }
    BsonWriter group;
    group.begin_array("dropped");
    for (const Scalar& id : record.dropped) add_scalar(group, {}, id);
    group.end();
    file_.write(record_of(kGroup, group.finish()).bytes());
}

void BackupWriter::finish() {
    BsonWriter end;
    end.add("leads", count_.content().leads.count());
    end.add("messages", count_.content().messages.count());
    end.add("others", count_.others());
    end.add("content", std::string_view(count_.content().hash()));
    file_.write(record_of(kEnd, end.finish()).bytes());
    file_.finish();
}

BackupReader::BackupReader(std::istream& in, std::string name) : file_(in, std::move(name)) {
    read_head();
}

Document BackupReader::read_document() {
    std::string bytes = file_.read(kLengthBytes);
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    if (length <= kLengthBytes || length > kMostRecordBytes) {
        file_.refuse("altered: a record of a length that none has");
    }
    bytes += file_.read(length - kLengthBytes);
    try {
        Document document(std::move(bytes));
        check_all(document.bytes(), kMostLevels);
        if (BsonReader(document).at_end()) throw Corrupt("empty");
        return document;
    } catch (const Corrupt&) {
        file_.refuse("altered: a record is not BSON");
    }
}

void BackupReader::read_head() {
    const Document record = read_document();
    const Scalar made_at = scalar_at(record, "head.made_at");
    const Scalar engine = scalar_at(record, "head.engine");
    const auto* date = std::get_if<Timestamp>(&made_at);
    const auto* text = std::get_if<std::string>(&engine);
    if (date == nullptr || text == nullptr) file_.refuse("altered: it begins with something else");
    info_ = {*date, *text};
}

void BackupReader::check_end(const BsonElement& end) {
    const Document counts{std::string(end.as_nested())};
    const Content& content = count_.content();
    const bool fits = integer_at(counts, "leads") == content.leads.count() &&
                      integer_at(counts, "messages") == content.messages.count() &&
                      integer_at(counts, "others") == count_.others() &&
                      scalar_at(counts, "content") == Scalar(content.hash());
    if (!fits) file_.refuse("altered: it does not hold what it says at its end");
    if (!file_.at_end()) file_.refuse("altered: something stands behind its end");
    ended_ = true;
}

std::optional<Record> BackupReader::next() {
    if (ended_) return std::nullopt;
    const Document document = read_document();
    const BsonElement only = BsonReader(document).next();
    if (only.type() != BsonType::kDocument) file_.refuse("altered: a record without a document");
    Record record;
    if (only.name() == kEnd) {
        check_end(only);
        return std::nullopt;
    }
    Document content{std::string(only.as_nested())};
    if (only.name() == kGroup) {
        for (BsonReader in(content); !in.at_end();) {
            const BsonElement dropped = in.next();
            if (dropped.type() != BsonType::kArray) continue;
            for (BsonReader ids(dropped.as_nested()); !ids.at_end();) {
                record.dropped.push_back(scalar_of(ids.next()));
            }
        }
    } else {
        record.collection = find_collection(only.name());
        if (record.collection == nullptr) {
            file_.refuse("made by a newer Rapport, with a collection that this one does not know");
        }
        record.document = std::move(content);
    }
    count_.add(record);
    return record;
}

}  // namespace rapport
