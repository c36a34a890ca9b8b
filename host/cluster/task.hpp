// A task of a cluster: trains its runs of a submission, and puts itself back into the queue when it is interrupted.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "support/error.hpp"
#include "sweep/execute.hpp"

namespace labhost {

/// Makes what is told of a sweep; a task may have several, one after the other.
using ObserverFactory = std::function<std::unique_ptr<SweepObserver>()>;

/// [supervisor] The task with this number, from 0, of the submission in `folder`. What cannot be trained on this node
/// is recorded as failed, with its reason. What becomes of the task is said on standard error. Throws Error (usage)
/// for what is no task of a submission, StorageError, or what execute throws but for StopError: its code is returned.
ExitCode run_task(const std::filesystem::path& folder, const std::string& number, const ObserverFactory& make_observer);

}  // namespace labhost
