#include "sweep/records.hpp"

#include <utility>

#include "record/run_folder.hpp"
#include "support/error.hpp"

namespace labhost {

RunLocks& Records::open(const std::filesystem::path& experiment_folder) {
    locks_ = std::make_unique<RunLocks>(experiment_folder);
    return *locks_;
}

bool Records::take_up(PlannedRun& run) {
    std::optional<Result> now = read_result(run.folder);
    if (!now || now->fingerprint != run.fingerprint) return false;
    const bool known_failure =
        !now->finished && run.result && now->reason == run.result->reason && now->seconds == run.result->seconds;
    if (known_failure) return false;
    run.status = now->finished ? RunStatus::finished : RunStatus::failed;
    run.result = std::move(now);
    return true;
}

bool Records::close(PlannedRun& run, const std::string& output) {
    run.result->fingerprint = run.fingerprint;
    try {
        RunFolder(run.folder).close(*run.result, output);
    } catch (const StorageError& e) {
        note_fault(e.what());
        run.result.reset();
        run.status = RunStatus::unfinished;
        return false;
    }
    release(run);
    run.status = run.result->finished ? RunStatus::finished : RunStatus::failed;
    return true;
}

void Records::leave_open(PlannedRun& run) {
    run.result.reset();
    run.status = file_exists(run.folder / "checkpoint.pt") ? RunStatus::resumable : RunStatus::unfinished;
}

void Records::note_fault(const std::string& words) {
    if (fault_.empty()) fault_ = words;
}

}  // namespace labhost
