// The results of submitted runs, as after `labhost run`; for collect, and for submit --wait.
#pragma once

#include <vector>

#include "cluster/tracking.hpp"
#include "config/claims.hpp"
#include "support/error.hpp"

namespace labhost {

/// The table and the verdicts, or as JSON; the exit code is that of `labhost run`.
ExitCode print_collected(const std::vector<RunRecord>& runs, const std::vector<Claim>& claims, bool json);

/// Says on standard error, too, what failed or was lost, and where its log is.
ExitCode print_collected(const SubmittedRecords& records, bool json);

}  // namespace labhost
