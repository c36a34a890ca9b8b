// Files written beside the computing.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

namespace labhost {

/// [worker] Does jobs in their order, in a thread of its own: where runs share a worker, or the GPU computes, nobody
/// waits for a digest or an fsync. What is posted is done, whatever happens to who posted it; the destructor waits for
/// that.
class Writer {
public:
    Writer();
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    Writer(Writer&&) = delete;
    Writer& operator=(Writer&&) = delete;

    /// What the job throws, the future's get() throws.
    std::future<void> post(std::function<void()> job);

private:
    void write();

    std::mutex mutex_;
    std::condition_variable there_is_more_;
    std::deque<std::packaged_task<void()>> jobs_;
    bool over_ = false;
    std::thread thread_;  ///< last: it uses the others
};

}  // namespace labhost
