#include "sweep/writer.hpp"

#include <utility>

namespace labhost {

Writer::Writer() : thread_([this] { write(); }) {}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    there_is_more_.notify_one();
    thread_.join();
}

std::future<void> Writer::post(std::function<void()> job) {
    std::packaged_task<void()> task(std::move(job));
    std::future<void> done = task.get_future();
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(task));
    }
    there_is_more_.notify_one();
    return done;
}

void Writer::write() {
    std::unique_lock lock(mutex_);
    for (;;) {
        there_is_more_.wait(lock, [this] { return over_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        std::packaged_task<void()> job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        lock.lock();
    }
}

}  // namespace labhost
