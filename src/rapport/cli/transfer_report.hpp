#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "rapport/cli/context.hpp"
#include "rapport/cli/interruption.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/repository/transfer.hpp"

namespace rapport::cli {

/// The bars of a transfer, one a step, which Ctrl-C ends with Interrupted.
class TransferBars {
  public:
    /// `when_stopped` says what is left then; nothing: what a restore or a copy leaves.
    explicit TransferBars(std::string when_stopped = {}) : when_stopped_(std::move(when_stopped)) {}

    /// Refers to this.
    TransferProgress progress();

  private:
    void check() const;
    std::string outcome() const;

    std::string when_stopped_;
    Interruption interruption_{};
    std::unique_ptr<Progress> bar_{};
    std::string step_{};
    std::int64_t done_ = 0;
};

/// The options of the settings, `by` as operator_name() gives it.
TransferOptions transfer_options(const Context& context);

/// Says what was stored, and what was not and why; sets the exit code.
void report(Context& context, const Transferred& done);

}  // namespace rapport::cli
