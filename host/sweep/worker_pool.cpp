#include "sweep/worker_pool.hpp"

#include <algorithm>
#include <csignal>
#include <functional>
#include <map>
#include <utility>

#include "support/machine.hpp"
#include "train/engine.hpp"

namespace labhost {

namespace {

/// Longer than CUDA takes to start and a large model's first steps take.
constexpr std::chrono::minutes longest_trial{3};
constexpr std::chrono::milliseconds look_at_memory_every{200};

class ForkedWorkers final : public WorkerPool {
public:
    explicit ForkedWorkers(const Plan& plan) : plan_(plan) {}

    void prepare(RunLocks& locks) override {
        locks_ = &locks;
        engine();  // LibTorch, loaded here once, is in every worker's memory
    }

    WorkerId start(const WorkerConfig& config) override {
        ChildOptions options = options_of(next_, /*output=*/true);
        if (config.timeout && !config.colocated)
            options.limit = std::chrono::milliseconds(
                std::max<std::int64_t>(1, static_cast<std::int64_t>(*config.timeout * 1000.0)));
        if (config.memory_limit != 0) options.memory_limit = config.memory_limit;
        return add({.child = std::make_unique<Child>(
                        std::function<void(const Outbox&, Inbox&)>([this, config](const Outbox& outbox, Inbox& inbox) {
                            work(plan_, config, *locks_, outbox, inbox);
                        }),
                        options),
                    .is_limited = config.memory_limit != 0});
    }

    WorkerId start_trial(const PlannedRun& run, const Device& device) override {
        ChildOptions options = options_of(next_, /*output=*/false);  // what it writes, its run will write again
        options.limit = longest_trial;
        return add(
            {.child = std::make_unique<Child>(std::function<void(const Outbox&)>([&run, device](const Outbox& outbox) {
                                                  try_first_steps(run, device, outbox);
                                              }),
                                              options)});
    }

    void tell(WorkerId worker, const WorkerCommand& command) override {
        if (const Child* child = find(worker)) child->tell(encode(command));
    }
    void ask_to_pause(WorkerId worker) override {
        if (const Child* child = find(worker)) child->signal(SIGUSR1);
    }
    void kill(WorkerId worker) override {
        if (const Child* child = find(worker)) child->kill();
    }
    void discard(WorkerId worker) override { workers_.erase(worker); }

    std::vector<WorkerEvent> wait(std::chrono::milliseconds longest) override {
        std::vector<Child*> children;
        for (const auto& [id, worker] : workers_) children.push_back(worker.child.get());
        wait_for_any(children, longest);
        for (auto it = workers_.begin(); it != workers_.end();) {
            Process& process = it->second;
            look_at_memory(process);
            const auto end = process.child->poll();
            if (end) events_.push_back({it->first, WorkerEnded{.end = *end, .memory = process.memory}});
            it = end ? workers_.erase(it) : std::next(it);
        }
        return std::exchange(events_, {});
    }

    SweepTime now() const override { return SweepTime::clock::now(); }

private:
    struct Process {
        std::unique_ptr<Child> child{};
        bool is_limited = false;  ///< its memory is
        std::uint64_t memory = 0;
        SweepTime memory_looked_at{};
    };

    ChildOptions options_of(WorkerId id, bool output) {
        ChildOptions options{.own_group = true};
        options.on_message = [this, id](std::string_view bytes) {
            if (auto message = decode_message(bytes)) events_.push_back({id, *std::move(message)});
        };
        if (output)
            options.on_output = [this, id](std::string_view line) {
                events_.push_back({id, WorkerOutput{std::string(line)}});
            };
        return options;
    }

    const Child* find(WorkerId worker) const {
        const auto found = workers_.find(worker);
        return found != workers_.end() ? found->second.child.get() : nullptr;
    }

    WorkerId add(Process process) {
        workers_.emplace(next_, std::move(process));
        return next_++;
    }

    static void look_at_memory(Process& process) {
        const auto now = SweepTime::clock::now();
        if (!process.is_limited || now - process.memory_looked_at <= look_at_memory_every) return;
        process.memory_looked_at = now;
        if (const auto bytes = data_memory_of(process.child->id()); bytes != 0) process.memory = bytes;
    }

    const Plan& plan_;
    RunLocks* locks_ = nullptr;
    std::map<WorkerId, Process> workers_;
    std::vector<WorkerEvent> events_;
    WorkerId next_ = 1;
};

}  // namespace

std::unique_ptr<WorkerPool> forked_workers(const Plan& plan) { return std::make_unique<ForkedWorkers>(plan); }

}  // namespace labhost
