#include "rapport/repository/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

/// How every SQLite file begins: https://sqlite.org/fileformat.html#magic_header_string
constexpr std::string_view kDatabase("SQLite format 3\0", 16);

/// A database stays open: it may be one that this process works with, and closing any descriptor of
/// a file ends all the locks that the process holds on it (fcntl(2)), SQLite's too.
bool is_database(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    std::string start(kDatabase.size(), '\0');
    const bool is_it = ::pread(descriptor, start.data(), start.size(), 0) == std::ssize(start) &&
                       start == kDatabase;
    if (!is_it) ::close(descriptor);
    return is_it;
}

/// SQLite's log of what is committed: https://sqlite.org/fileformat.html#the_write_ahead_log
bool is_log(const std::filesystem::path& file) {
    constexpr std::string_view kLog = "\x37\x7f\x06";  // the last byte, 0x82 or 0x83, is an order
    std::string start(kLog.size() + 1, '\0');
    std::ifstream in(file, std::ios::binary);
    if (!in.read(start.data(), std::ssize(start))) return false;
    return start.starts_with(kLog) && (start.back() == '\x82' || start.back() == '\x83');
}

/// By its name, also where it is not there yet: SQLite would take it for its own. It is not opened,
/// for SQLite's locks are on the -shm file, too.
bool belongs_to_database(const std::filesystem::path& file) {
    const std::string name = file.string();
    for (const std::string_view suffix : {"-wal", "-shm", "-journal"}) {
        if (!name.ends_with(suffix)) continue;
        const std::filesystem::path database = name.substr(0, name.size() - suffix.size());
        std::error_code none;
        if (std::filesystem::is_regular_file(database, none) && is_database(database)) return true;
    }
    return false;
}

/// What of a database would be lost with this file; empty: nothing.
std::string_view lost_with(const std::filesystem::path& file) {
    if (belongs_to_database(file)) return "a part of the database beside it";
    if (is_database(file)) return "a database";
    return is_log(file) ? "a database's log" : "";
}

/// Where the file will stand: behind a link its target. Throws InvalidArgument for what a file must
/// not take the place of.
std::filesystem::path place_of(const std::filesystem::path& file) {
    const std::filesystem::file_status there = std::filesystem::status(file);
    const bool exists = std::filesystem::exists(there);
    if (exists && !std::filesystem::is_regular_file(there)) {
        throw InvalidArgument(file.string() + ": no file, but a folder, a device or a pipe",
                              "give a file's name");
    }
    std::filesystem::path place = exists ? std::filesystem::canonical(file) : file;
    if (const std::string_view lost = lost_with(place); !lost.empty()) {
        throw InvalidArgument(fmt::format("{}: {}, which would be lost", file.string(), lost),
                              "give another name");
    }
    return place;
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path file)
    : file_(std::move(file)), descriptor_(STDOUT_FILENO) {
    if (file_.empty()) return;
    file_ = place_of(file_);
    unfinished_ = file_.string() + ".unfinished";
    constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
    // One that an earlier run has left may be readable by others: never written into.
    ::unlink(unfinished_.c_str());
    constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    descriptor_ = ::open(unfinished_.c_str(), kNew, kOwnerOnly);
    if (descriptor_ < 0) fail("cannot be made");
}

OutputFile::~OutputFile() {
    if (unfinished_.empty()) return;
    ::close(descriptor_);
    ::unlink(unfinished_.c_str());
}

void OutputFile::fail(std::string_view what) const {
    throw Unavailable(fmt::format("{}: {}: {}",
                                  unfinished_.empty() ? "stdout" : unfinished_.string(), what,
                                  std::strerror(errno)));
}

void OutputFile::write(std::string_view piece) {
    while (!piece.empty()) {
        const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("cannot be written");
        piece.remove_prefix(static_cast<std::size_t>(written));
    }
}

void OutputFile::finish() {
    if (unfinished_.empty()) return;
    if (::fsync(descriptor_) != 0) fail("cannot be written");
    if (::rename(unfinished_.c_str(), file_.c_str()) != 0) fail("cannot be renamed");
    ::close(descriptor_);
    unfinished_.clear();
    sync_folder(file_);
}

void sync_folder(const std::filesystem::path& of_file) {
    std::filesystem::path folder = of_file.parent_path();
    if (folder.empty()) folder = ".";
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int problem = errno;
    if (descriptor >= 0) ::close(descriptor);
    // Some file systems cannot, and need not.
    if (done || problem == EINVAL || problem == ENOTSUP) return;
    throw Unavailable(
        fmt::format("{}: cannot be written: {}", folder.string(), std::strerror(problem)));
}

}  // namespace rapport
