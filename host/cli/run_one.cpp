// labhost run-one: a task of a submission, as the cluster runs it.
#include "cli/progress.hpp"
#include "cli/verbs.hpp"
#include "cluster/task.hpp"

namespace labhost {

namespace {

ExitCode run_one(const Options& options) {
    return run_task(options.argument, options.arguments[1], [&] { return make_progress(options); });
}

}  // namespace

Verb run_one_verb() {
    return {{.verb = "run-one", .argument = "PLAN INDEX", .summary = "a task of a submission, as the cluster runs it"},
            run_one};
}

}  // namespace labhost
