#include "sweep/records.hpp"

#include <utility>

#include "record/run_folder.hpp"
#include "record/run_state.hpp"
#include "support/error.hpp"

namespace labhost {

RunLocks& Records::open(const std::filesystem::path& experiment_folder) {
    locks_ = std::make_unique<RunLocks>(experiment_folder);
    return *locks_;
}

bool Records::take_up(PlannedRun& run) {
    FoundState now = state_of(run.folder, run.fingerprint);
    if (!is_over(now.state)) return false;
    const bool known_failure = now.state == RunState::failed && run.result &&
                               now.result->reason == run.result->reason && now.result->seconds == run.result->seconds;
    if (known_failure) return false;
    run.status = now.state;
    run.result = std::move(now.result);
    return true;
}

bool Records::close(PlannedRun& run, const std::string& output) {
    run.result->fingerprint = run.fingerprint;
    try {
        RunFolder(run.folder).close(*run.result, output);
    } catch (const StorageError& e) {
        note_fault(e.what());
        run.result.reset();
        run.status = RunState::unfinished;
        return false;
    }
    release(run);
    run.status = run.result->finished ? RunState::finished : RunState::failed;
    return true;
}

void Records::leave_open(PlannedRun& run) {
    run.result.reset();
    run.status = state_without_result(run.folder);
}

void Records::note_fault(const std::string& words) {
    if (fault_.empty()) fault_ = words;
}

}  // namespace labhost
