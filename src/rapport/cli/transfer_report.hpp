#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "rapport/cli/context.hpp"
#include "rapport/cli/interruption.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/repository/transfer.hpp"

namespace rapport::cli {

/// The bars of a transfer, one a step, which Ctrl-C ends.
class TransferBars {
  public:
    /// Refers to this.
    TransferProgress progress();
    /// What was done when a restore or a copy was stopped.
    std::string outcome() const;

  private:
    Interruption interruption_{};
    std::unique_ptr<Progress> bar_{};
    std::string step_{};
    std::int64_t done_ = 0;
};

/// The options of the settings, `by` as operator_name() gives it.
TransferOptions transfer_options(const Context& context);

/// Says what was stored, and what was not and why; sets the exit code.
void report(Context& context, const Transferred& done);

/// Says that a command was stopped, and what to do.
void report_interruption(Context& context, std::string_view what);

}  // namespace rapport::cli
