// Work that all cores share.
#pragma once

#include <cstddef>
#include <functional>

namespace labhost {

/// [worker | child] Calls `work` with 0 to count - 1, on as many threads as this process may use cores. Throws what
/// the first that failed threw, once all threads have ended; what was not begun is left then.
void on_all_cores(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace labhost
