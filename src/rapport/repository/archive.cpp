#include "rapport/repository/archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/core/json.hpp"
#include "rapport/core/scalar.hpp"
#include "rapport/repository/retry.hpp"

namespace rapport {
namespace {

constexpr std::string_view kBefore = "messages-";
constexpr std::string_view kBehind = ".jsonl.zst";
constexpr std::string_view kUnfinished = ".unfinished";
/// Where the text of a time has colons, which not every file system takes in a name.
constexpr std::size_t kColons[] = {13, 16};

std::string name_at(Timestamp time) {
    std::string text = to_iso8601(time);
    for (const std::size_t colon : kColons) text.at(colon) = '-';
    return fmt::format("{}{}{}", kBefore, text, kBehind);
}

/// When the file of this name was made; absent for a file of somebody else.
std::optional<Timestamp> time_of(const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    if (!name.starts_with(kBefore) || !name.ends_with(kBehind)) return std::nullopt;
    std::string text = name.substr(kBefore.size(), name.size() - kBefore.size() - kBehind.size());
    if (text.size() != name_at({}).size() - kBefore.size() - kBehind.size()) return std::nullopt;
    for (const std::size_t colon : kColons) text.at(colon) = ':';
    return parse_iso8601(text);
}

/// Of a file that a process was killed over.
bool is_unfinished(const std::string& name) {
    return name.ends_with(kUnfinished) &&
           time_of(name.substr(0, name.size() - kUnfinished.size())).has_value();
}

[[noreturn]] void fail(const std::filesystem::path& path, int problem) {
    throw Unavailable(
        fmt::format("{}: the archive cannot be used: {}", path.string(), std::strerror(problem)),
        "check ARCHIVE_DIR and the folder's permissions");
}

std::vector<std::filesystem::path> entries(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> found;
    std::error_code problem;
    std::filesystem::directory_iterator all(folder, problem);
    if (problem) fail(folder, problem.value());
    for (const auto& entry : all) found.push_back(entry.path());
    return found;
}

/// The lead's number as a member of a message's line.
std::string member_of(const std::string& lead_id) {
    JsonWriter out;
    out.add("lead_id", std::string_view(lead_id));
    std::string text = out.finish();
    return text.substr(1, text.size() - 2);
}

std::ifstream open(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) fail(file, errno);
    return in;
}

}  // namespace

ArchiveLock::ArchiveLock(ArchiveLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

ArchiveLock::~ArchiveLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

int MessageArchive::open_lock() const {
    std::error_code problem;
    if (std::filesystem::create_directories(folder_, problem)) {
        std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, problem);
    }
    if (problem) fail(folder_, problem.value());
    const std::filesystem::path file = folder_ / ".lock";
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) fail(file, errno);
    return descriptor;
}

Async<ArchiveLock> MessageArchive::lock(Access access, Deadline deadline) const {
    const int descriptor = open_lock();
    ArchiveLock lock(descriptor);
    const int shared = access == Access::kToRead ? LOCK_SH : LOCK_EX;
    // Never waits in the kernel: who holds it may be another coroutine of this thread.
    while (::flock(descriptor, shared | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) fail(folder_, errno);
        if (deadline.passed()) {
            throw Timeout(fmt::format("{}: somebody else is at work in the archive, and the "
                                      "deadline passed",
                                      folder_.string()),
                          "try again when they have ended");
        }
        co_await pause();
    }
    co_return lock;
}

ArchiveLock MessageArchive::lock_now() const {
    const int descriptor = open_lock();
    ArchiveLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) fail(folder_, errno);
    throw VersionConflict(
        fmt::format("{}: another process is at work in the archive", folder_.string()),
        "try again when it has ended");
}

std::vector<std::filesystem::path> MessageArchive::files() const {
    std::vector<std::filesystem::path> files = entries(folder_);
    std::erase_if(files, [](const auto& file) { return !time_of(file); });
    std::ranges::sort(files);
    return files;
}

std::filesystem::path MessageArchive::next_file() const {
    Timestamp at = now();
    const auto there = files();
    // Clocks go back.
    if (!there.empty()) at = std::max(at, *time_of(there.back()) + std::chrono::milliseconds(1));
    return folder_ / name_at(at);
}

/// The text of a file that was renamed would be passed over.
void MessageArchive::check_names() const {
    for (const auto& file : entries(folder_)) {
        const std::string name = file.filename().string();
        const bool looks_like_ours = name.find(kBehind) != std::string::npos;
        if (!looks_like_ours || time_of(file) || is_unfinished(name)) continue;
        throw InvalidDocument(
            fmt::format("{}: a file in the archive under a name that is none of it", name),
            "give it back the name it had, or move it out of ARCHIVE_DIR");
    }
}

void MessageArchive::check() const {
    check_names();
    for (const auto& file : files()) {
        std::ifstream in = open(file);
        BackupDecoder(in, file.string(), kArchiveFile).check();
    }
}

void MessageArchive::remove_unfinished() const {
    for (const auto& file : entries(folder_)) {
        if (!is_unfinished(file.filename().string())) continue;
        if (::unlink(file.c_str()) != 0) fail(file, errno);
        sync_folder(file);
    }
}

std::int64_t MessageArchive::erase(const std::vector<std::string>& lead_ids) const {
    remove_unfinished();
    std::int64_t erased = 0;
    for (const auto& file : files()) {
        if (!ArchiveReader({file}, lead_ids).next()) continue;
        ArchiveReader messages({file});
        std::optional<ArchiveWriter> others;
        while (const auto message = messages.next()) {
            if (std::ranges::find(lead_ids, message->lead_id) != lead_ids.end()) {
                ++erased;
                continue;
            }
            if (!others) others.emplace(file);
            others->add(message->json);
        }
        fault_point("archive.erasing");
        if (others) {
            others->finish();
        } else {
            if (::unlink(file.c_str()) != 0) fail(file, errno);
            sync_folder(file);
        }
        fault_point("archive.erased");
    }
    return erased;
}

ArchiveReader::ArchiveReader(const std::vector<std::filesystem::path>& files,
                             const std::vector<std::string>& lead_ids)
    : waiting_(files.begin(), files.end()), lead_ids_(lead_ids) {
    for (const std::string& lead_id : lead_ids) members_.push_back(member_of(lead_id));
}

std::optional<std::string> ArchiveReader::next_line() {
    while (true) {
        if (file_) {
            if (auto line = file_->read_line()) return line;
            file_.reset();
        }
        if (waiting_.empty()) return std::nullopt;
        const std::filesystem::path file = std::move(waiting_.front());
        waiting_.pop_front();
        in_ = open(file);
        file_.emplace(in_, file.string(), kArchiveFile);
    }
}

ArchivedMessage ArchiveReader::read(std::string line) const {
    ArchivedMessage message;
    try {
        const Document document = from_json(line);
        const auto id = ObjectId::parse(text_at(document, "_id"));
        const auto created_at = parse_iso8601(text_at(document, "created_at"));
        if (!id || !created_at) file_->refuse("a line of it is no message");
        message = {*id, text_at(document, "lead_id"), *created_at, {}};
    } catch (const InvalidArgument&) {
        file_->refuse("a line of it is no JSON");
    }
    message.json = std::move(line);
    return message;
}

std::optional<ArchivedMessage> ArchiveReader::next() {
    while (auto line = next_line()) {
        // Most lines are of others: they are not parsed.
        const auto is_in = [&](const std::string& member) {
            return line->find(member) != std::string::npos;
        };
        if (!members_.empty() && std::ranges::none_of(members_, is_in)) continue;
        ArchivedMessage message = read(std::move(*line));
        if (members_.empty() || std::ranges::find(lead_ids_, message.lead_id) != lead_ids_.end()) {
            return message;
        }
    }
    return std::nullopt;
}

ArchiveWriter::ArchiveWriter(const std::filesystem::path& file)
    : file_(file), content_([this](std::string_view piece) { file_.write(piece); }, kArchiveFile) {}

void ArchiveWriter::add(std::string_view json) {
    content_.write(json);
    content_.write("\n");
}

void ArchiveWriter::finish() {
    content_.finish();
    file_.finish();
}

}  // namespace rapport
