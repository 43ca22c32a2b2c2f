#pragma once

#include <string_view>

namespace rapport {

/// A place where a test may end the process, to see what a crash there leaves behind. Nothing in
/// programs that are built without RAPPORT_FAULT_POINTS; with it, the variable RAPPORT_FAULT=NAME:N
/// kills the process (SIGKILL, or the number RAPPORT_FAULT_SIGNAL) when it comes by the place NAME
/// for the N-th time.
#ifdef RAPPORT_FAULT_POINTS
void fault_point(std::string_view name);
#else
inline void fault_point(std::string_view) {}
#endif

}  // namespace rapport
