// A run's folder, as the process that trains the run writes it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/json.hpp"
#include "record/run_layout.hpp"
#include "record/run_state.hpp"
#include "support/files.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// Writes one run's folder. All members throw StorageError when the disk refuses.
class RunFolder {
public:
    explicit RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Removes what an earlier run left, and writes run.json.
    void begin(const Json& run);
    /// Replaces run.json, and nothing else.
    void record(const Json& run);
    /// Resumes after the epochs `done`: metrics.jsonl and log.txt are replaced by these.
    void resume(const std::vector<EpochMetrics>& done);

    /// Takes metrics, log, weights and predictions from the folder of a finished run with the same fingerprint, and
    /// writes run.json. False, and nothing is changed, if they are not all there.
    bool adopt(const std::filesystem::path& duplicate, const Json& run);

    /// A line of metrics.jsonl, and the notebook's lines in log.txt.
    void append(const EpochMetrics& metrics);
    std::filesystem::path checkpoint() const { return folder_ / run_file::checkpoint; }
    void write_checkpoint(std::string_view state);
    /// Renames a checkpoint that cannot be gone on with, in place of an earlier such one.
    enum class Unusable {
        damaged,    ///< to checkpoint.pt.damaged
        other_gpu,  ///< to checkpoint.pt.other-gpu; under its own name it can be gone on with on such a GPU
    };
    std::filesystem::path set_checkpoint_aside(Unusable why);
    /// profile.txt and trace.json.
    void write_profile(const ProfileReport& profile);
    /// model.pt and predictions.json; metrics and log are on the disk too, afterwards.
    void finish(std::string_view state_dict, const Json& predictions);

    /// result.json, last and atomically; the reason of a failure and `output` into log.txt before.
    void close(const Result& result, std::string_view output);

private:
    std::filesystem::path folder_;
    std::optional<AppendFile> metrics_;
    std::optional<AppendFile> log_;
};

/// Records that a run failed before it could begin; `run` is its run.json, if it has none. What a checkpoint there
/// holds stays. Throws StorageError.
void record_failure(const std::filesystem::path& folder, const Json& run, const std::string& reason);

/// The notebook's own lines for an epoch, to the character.
std::string log_lines(const EpochMetrics& metrics);

}  // namespace labhost
