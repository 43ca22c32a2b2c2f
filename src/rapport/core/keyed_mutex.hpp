#pragma once

#include <memory>
#include <string>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"

namespace rapport {

/// Lets one coroutine at a time through for each key, in the order in which they came. Those of
/// different keys never wait for each other. Thread-safe; copies share their keys.
class KeyedMutex {
    class State;
    class Waiter;

  public:
    KeyedMutex();

    /// The key is the holder's while this lives, and then the next one's who waits.
    class Lock {
      public:
        Lock() = default;
        Lock(Lock&&) = default;
        Lock& operator=(Lock&& other) noexcept;
        ~Lock() { release(); }

      private:
        friend class KeyedMutex;
        Lock(std::shared_ptr<State> state, std::string key)
            : state_(std::move(state)), key_(std::move(key)) {}
        void release();

        std::shared_ptr<State> state_;
        std::string key_;
    };

    /// Waits for the key. Throws Timeout when the deadline passes first.
    Async<Lock> lock(std::string key, Deadline deadline) const {
        return lock_in(state_, std::move(key), deadline);
    }

  private:
    static Async<Lock> lock_in(std::shared_ptr<State> state, std::string key, Deadline deadline);

    /// Outlives this where a lock does.
    std::shared_ptr<State> state_;
};

}  // namespace rapport
