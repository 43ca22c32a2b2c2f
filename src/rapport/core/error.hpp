#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rapport {

/// What went wrong, as far as a caller can act on it.
enum class ErrorCode {
    kNotConnected,     ///< connect() has not succeeded, or disconnect() was called
    kInvalidArgument,  ///< the caller's value is not acceptable; the message says which and why
    kDuplicateKey,     ///< another document holds this key already
    kVersionConflict,  ///< the copy is stale, or its original was erased: load it again
    kInvalidDocument,  ///< a stored document does not fit its type; the message names the path
    kTimeout,          ///< the deadline passed; a write may or may not have happened
    kUnavailable,      ///< the database cannot be reached or refuses us
    kOverloaded,       ///< too many operations are waiting; nothing was done
    kCorrupt,          ///< the database file or an answer is damaged
};

/// The name of a code as logs and JSON show it, e.g. `VersionConflict`.
std::string_view to_string(ErrorCode code);

/// Root of everything Rapport throws. A message never holds a password, a full URI or the text of
/// a conversation, so that it can be logged as it is.
class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& message)
        : runtime_error(message), code_(code), problem_size_(message.size()) {}
    /// what() is both, `problem: cure`.
    Error(ErrorCode code, const std::string& problem, const std::string& cure)
        : runtime_error(problem + ": " + cure), code_(code), problem_size_(problem.size()) {}
    ErrorCode code() const noexcept { return code_; }
    /// What is wrong, without what to do about it where that was given apart.
    std::string_view problem() const noexcept {
        return std::string_view(what()).substr(0, problem_size_);
    }
    /// What to do about it; empty where the message is one.
    std::string_view cure() const noexcept {
        const std::string_view all = what();
        return all.size() > problem_size_ ? all.substr(problem_size_ + 2) : std::string_view();
    }

  private:
    ErrorCode code_;
    std::size_t problem_size_;
};

/// One class a code, so that `catch` can tell them apart.
template <ErrorCode Code>
class ErrorOf : public Error {
  public:
    explicit ErrorOf(const std::string& message) : Error(Code, message) {}
    ErrorOf(const std::string& problem, const std::string& cure) : Error(Code, problem, cure) {}
};

using NotConnected = ErrorOf<ErrorCode::kNotConnected>;
using InvalidArgument = ErrorOf<ErrorCode::kInvalidArgument>;
using DuplicateKey = ErrorOf<ErrorCode::kDuplicateKey>;
using VersionConflict = ErrorOf<ErrorCode::kVersionConflict>;
using InvalidDocument = ErrorOf<ErrorCode::kInvalidDocument>;
using Timeout = ErrorOf<ErrorCode::kTimeout>;
using Unavailable = ErrorOf<ErrorCode::kUnavailable>;
using Overloaded = ErrorOf<ErrorCode::kOverloaded>;
using Corrupt = ErrorOf<ErrorCode::kCorrupt>;

}  // namespace rapport
