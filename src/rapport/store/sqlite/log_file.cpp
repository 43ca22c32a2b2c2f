#include "rapport/store/sqlite/log_file.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace rapport::sqlite {
namespace {

/// SQLite's layer for Unix writes less than 128 KiB at once.
constexpr std::size_t kMostWaiting = std::size_t{112} * 1024;
/// The header of a frame, which is a page of the log, and where in it the size of the database
/// stands: not zero in a transaction's last frame (https://www.sqlite.org/fileformat2.html, 4.1).
constexpr std::size_t kFrameHeader = 24;
constexpr std::size_t kDatabaseSize = 4;

}  // namespace

/// What SQLite knows as the log. The system's own file object stands behind it.
struct LogFile {
    sqlite3_file as_file{};
    std::unique_ptr<std::byte[]> waiting{};
    std::size_t waiting_size = 0;
    sqlite3_int64 waiting_at = 0;
    bool is_batching = false;
    bool transaction_ends = false;

    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    const sqlite3_io_methods& methods() { return *real()->pMethods; }

    int write_waiting() {
        if (waiting_size == 0) return SQLITE_OK;
        const int size = static_cast<int>(std::exchange(waiting_size, 0));
        return methods().xWrite(real(), waiting.get(), size, waiting_at);
    }

    int write(std::span<const std::byte> bytes, sqlite3_int64 at) {
        if (!waiting && is_batching) waiting.reset(new (std::nothrow) std::byte[kMostWaiting]);
        if (!is_batching || !waiting || bytes.size() > kMostWaiting) {
            return write_at_once(bytes, at);
        }
        const bool follows = at == waiting_at + static_cast<sqlite3_int64>(waiting_size);
        if (!follows || waiting_size + bytes.size() > kMostWaiting) {
            if (const int code = write_waiting(); code != SQLITE_OK) return code;
            waiting_at = at;
        }
        std::ranges::copy(bytes, waiting.get() + waiting_size);
        waiting_size += bytes.size();
        if (bytes.size() == kFrameHeader) {
            transaction_ends = std::ranges::any_of(bytes.subspan(kDatabaseSize, 4),
                                                   [](std::byte b) { return b != std::byte{}; });
            return SQLITE_OK;
        }
        if (!transaction_ends) return SQLITE_OK;
        // What SQLite writes behind it, mended checksums and padding, is of the same commit.
        is_batching = false;
        return write_waiting();
    }

  private:
    int write_at_once(std::span<const std::byte> bytes, sqlite3_int64 at) {
        if (const int code = write_waiting(); code != SQLITE_OK) return code;
        return methods().xWrite(real(), bytes.data(), static_cast<int>(bytes.size()), at);
    }
};

namespace {

// SQLite gives memory for both, with this alignment.
static_assert(alignof(LogFile) <= 8);

LogFile& log(sqlite3_file* file) { return *reinterpret_cast<LogFile*>(file); }

/// The system's own method of the file.
template <auto Method, class... Arguments>
int system_file(sqlite3_file* file, Arguments... arguments) {
    return (log(file).methods().*Method)(log(file).real(), arguments...);
}

/// The same, once nothing waits any more.
template <auto Method, class... Arguments>
int written_file(sqlite3_file* file, Arguments... arguments) {
    const int code = log(file).write_waiting();
    return code == SQLITE_OK ? system_file<Method>(file, arguments...) : code;
}

int write_log(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    return log(file).write({static_cast<const std::byte*>(bytes), static_cast<std::size_t>(size)},
                           at);
}

int close_log(sqlite3_file* file) {
    const int code = log(file).write_waiting();
    const int closed = log(file).methods().xClose(log(file).real());
    std::destroy_at(&log(file));
    return code == SQLITE_OK ? closed : code;
}

using Methods = sqlite3_io_methods;

constexpr Methods kLogMethods{
    .iVersion = 1,
    .xClose = close_log,
    .xRead = written_file<&Methods::xRead, void*, int, sqlite3_int64>,
    .xWrite = write_log,
    .xTruncate = written_file<&Methods::xTruncate, sqlite3_int64>,
    .xSync = written_file<&Methods::xSync, int>,
    .xFileSize = written_file<&Methods::xFileSize, sqlite3_int64*>,
    .xLock = system_file<&Methods::xLock, int>,
    .xUnlock = system_file<&Methods::xUnlock, int>,
    .xCheckReservedLock = system_file<&Methods::xCheckReservedLock, int*>,
    .xFileControl = system_file<&Methods::xFileControl, int, void*>,
    .xSectorSize = system_file<&Methods::xSectorSize>,
    .xDeviceCharacteristics = system_file<&Methods::xDeviceCharacteristics>,
    // Of the database's own file, in later versions.
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs& system_of(sqlite3_vfs* vfs) { return *static_cast<sqlite3_vfs*>(vfs->pAppData); }

template <auto Method, class... Arguments>
auto system_call(sqlite3_vfs* vfs, Arguments... arguments) {
    return (system_of(vfs).*Method)(&system_of(vfs), arguments...);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* given) {
    sqlite3_vfs& system = system_of(vfs);
    if ((flags & SQLITE_OPEN_WAL) == 0) return system.xOpen(&system, name, file, flags, given);
    LogFile& opened = *std::construct_at(reinterpret_cast<LogFile*>(file));
    const int code = system.xOpen(&system, name, opened.real(), flags, given);
    if (code == SQLITE_OK) {
        opened.as_file.pMethods = &kLogMethods;
    } else {
        // Some layers leave a file to close.
        if (opened.real()->pMethods != nullptr) opened.methods().xClose(opened.real());
        std::destroy_at(&opened);
        file->pMethods = nullptr;
    }
    return code;
}

sqlite3_vfs batching(sqlite3_vfs& system) {
    using Vfs = sqlite3_vfs;
    return {
        .iVersion = 2,
        .szOsFile = static_cast<int>(sizeof(LogFile)) + system.szOsFile,
        .mxPathname = system.mxPathname,
        .pNext = nullptr,
        .zName = "rapport",
        .pAppData = &system,
        .xOpen = open_file,
        .xDelete = system_call<&Vfs::xDelete, const char*, int>,
        .xAccess = system_call<&Vfs::xAccess, const char*, int, int*>,
        .xFullPathname = system_call<&Vfs::xFullPathname, const char*, int, char*>,
        .xDlOpen = system_call<&Vfs::xDlOpen, const char*>,
        .xDlError = system_call<&Vfs::xDlError, int, char*>,
        .xDlSym = system_call<&Vfs::xDlSym, void*, const char*>,
        .xDlClose = system_call<&Vfs::xDlClose, void*>,
        .xRandomness = system_call<&Vfs::xRandomness, int, char*>,
        .xSleep = system_call<&Vfs::xSleep, int>,
        .xCurrentTime = system_call<&Vfs::xCurrentTime, double*>,
        .xGetLastError = system_call<&Vfs::xGetLastError, int, char*>,
        .xCurrentTimeInt64 = system_call<&Vfs::xCurrentTimeInt64, sqlite3_int64*>,
        // Of a later version, for tests of the system's own.
        .xSetSystemCall = nullptr,
        .xGetSystemCall = nullptr,
        .xNextSystemCall = nullptr,
    };
}

}  // namespace

LogBatch::LogBatch(sqlite3* database) : log_(nullptr) {
    sqlite3_file* log_file = nullptr;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                         static_cast<void*>(&log_file));
    if (log_file == nullptr || log_file->pMethods != &kLogMethods) return;
    log_ = &log(log_file);
    log_->is_batching = true;
    log_->transaction_ends = false;
}

/// What still waits is of a commit that failed.
LogBatch::~LogBatch() {
    if (log_ == nullptr) return;
    log_->is_batching = false;
    log_->waiting_size = 0;
}

const char* log_batching_vfs() {
    static const char* const name = []() -> const char* {
        sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
        if (system == nullptr || system->iVersion < 2) return nullptr;
        static sqlite3_vfs vfs = batching(*system);
        return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? vfs.zName : nullptr;
    }();
    return name;
}

}  // namespace rapport::sqlite
