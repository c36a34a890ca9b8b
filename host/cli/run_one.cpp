// labhost run-one: a task of a submission, as the cluster runs it.
#include "cli/progress.hpp"
#include "cli/verb.hpp"
#include "cluster/task.hpp"

namespace labhost {

namespace {

struct TaskOptions {
    std::string plan{};
    std::string index{};
    ProgressStyle progress{};

    void declare(CommandLine& line) {
        line.argument("PLAN", plan);
        line.argument("INDEX", index);
        line.color(progress.color);
    }
};

ExitCode run_one(const TaskOptions& options) {
    return run_task(options.plan, options.index, [&] { return make_progress(options.progress); });
}

}  // namespace

Verb run_one_verb() { return make_verb("run-one", "a task of a submission, as the cluster runs it", run_one); }

}  // namespace labhost
