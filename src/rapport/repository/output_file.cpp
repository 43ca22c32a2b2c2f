#include "rapport/repository/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>
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

/// Where the file will stand: behind a link its target. Throws InvalidArgument for what a file must
/// not take the place of.
std::filesystem::path place_of(const std::filesystem::path& file) {
    const std::filesystem::file_status there = std::filesystem::status(file);
    if (!std::filesystem::exists(there)) return file;
    if (!std::filesystem::is_regular_file(there)) {
        throw InvalidArgument(file.string() + ": no file, but a folder, a device or a pipe",
                              "give a file's name");
    }
    if (is_database(file)) {
        throw InvalidArgument(file.string() + ": a database, which would be lost",
                              "give another name");
    }
    return std::filesystem::canonical(file);
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
