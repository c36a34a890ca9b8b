// Standard output and error: what is said must not change what is done.
#pragma once

#include <string_view>

namespace labhost {

/// To be called first in main. Opens /dev/null for those of descriptors 0 to 2 that are closed, so that no file of ours
/// takes their place, and has writes to a closed pipe or beyond a size limit fail rather than kill.
void prepare_standard_streams();

/// Writes to standard error; if that cannot be written to, nothing happens.
void diagnose(std::string_view text);

/// Flushes standard output; false if something written to it was lost.
bool flush_results();

}  // namespace labhost
