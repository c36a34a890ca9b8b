#include "support/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "support/machine.hpp"

namespace labhost {

void on_all_cores(std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next = 0;
    std::exception_ptr fault;
    std::mutex guard;
    const auto go = [&] {
        try {
            for (std::size_t i = next++; i < count; i = next++) work(i);
        } catch (...) {
            next = count;
            const std::scoped_lock lock(guard);
            if (!fault) fault = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 1; i < std::min(count, static_cast<std::size_t>(usable_cores())); ++i)
            threads.emplace_back(go);
        go();
    }
    if (fault) std::rethrow_exception(fault);
}

}  // namespace labhost
