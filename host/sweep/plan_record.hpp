// A planned run as a record: what results are shown from, whether read from a folder or planned.
#pragma once

#include <vector>

#include "record/experiment_record.hpp"
#include "record/run_record.hpp"
#include "sweep/plan.hpp"

namespace labhost {

/// Whether a record's `fingerprint_of` is filled in, which only a search for garbage reads.
enum class FingerprintInputs { left_out, included };

/// With the file's text as it is now. A plan has at least one run.
ExperimentRecord experiment_of(const Plan& plan);

/// The plan's runs, in its order.
std::vector<RunRecord> records_of(const Plan& plan, FingerprintInputs inputs = FingerprintInputs::left_out);

}  // namespace labhost
