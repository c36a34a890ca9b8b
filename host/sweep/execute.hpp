// Executes a plan: several runs at once, each in a worker process, and records what comes out.
#pragma once

#include "sweep/observer.hpp"
#include "sweep/plan.hpp"
#include "sweep/sweep_options.hpp"
#include "sweep/worker_pool.hpp"

namespace labhost {

/// [supervisor] Runs what is not finished, the longest first, and updates status and result of each. What a run gives
/// does not depend on what runs beside it. A run that fails, crashes, exits, hangs beyond its limit or takes too much
/// memory is recorded and costs no other: what goes wrong in a process that several runs share is tried again in one
/// each. A run that another process trains is left to it, and its result awaited.
///
/// A GPU that is out of order takes no more runs, and costs none of them: they go on on another one. Where its memory
/// ran out, half as many go on together from their checkpoints; alone, it is the run's failure. Runs for which no GPU
/// is left stay unfinished: that is said, and if no GPU at all is left, thrown (Error).
///
/// Stops early, the running ones having written checkpoints: on SIGINT, SIGTERM or SIGUSR1 (throws StopError), when
/// records cannot be written (StorageError), when workers die one after another before their first batch, as they do on
/// a broken machine (Error), and at a failure with `fail_fast` (returns).
void execute(Plan& plan, const SweepOptions& options, SweepObserver& observer);

/// The same on a machine and with workers that are made up.
void execute(Plan& plan, const SweepOptions& options, SweepObserver& observer, const Machine& machine,
             WorkerPool& workers);

}  // namespace labhost
