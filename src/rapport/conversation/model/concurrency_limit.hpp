#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"

namespace rapport {

/// At most so many at once; who comes later waits in line. Safe from any thread; the executor of
/// each caller must run its handlers one at a time (a strand, or one thread).
class ConcurrencyLimit {
  public:
    class Permit;

    explicit ConcurrencyLimit(std::size_t most);

    /// Waits for a place, which the permit gives back. Throws Overloaded at the deadline;
    /// cancelled, it leaves the line.
    Async<Permit> acquire(Deadline deadline);

  private:
    class Line;
    struct Waiter;
    class Place;

    std::shared_ptr<Line> line_;
};

/// A place, held for as long as this lives.
class ConcurrencyLimit::Permit {
  public:
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&&) = delete;
    ~Permit();

  private:
    friend class ConcurrencyLimit;
    explicit Permit(std::shared_ptr<Line> line) : line_(std::move(line)) {}

    std::shared_ptr<Line> line_;
};

}  // namespace rapport
