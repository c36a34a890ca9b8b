// A run's folder: what was asked, what came out, and whether it is finished.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "record/json.hpp"
#include "support/files.hpp"
#include "train/trainer.hpp"

namespace labhost {

/// How a run ended; read from result.json, whose presence means that the run is over.
struct Result {
    bool finished = false;                ///< else failed
    std::string reason{};                 ///< why it failed
    std::optional<EpochMetrics> final{};  ///< of the last epoch
    double seconds = 0.0;                 ///< wall time of the whole run
    std::string fingerprint{};            ///< of the run that ended so
};

/// Writes one run's folder. All members throw StorageError when the disk refuses.
class RunFolder {
public:
    /// Removes what an earlier, unfinished run left in `folder`, and writes run.json.
    RunFolder(std::filesystem::path folder, const Json& run);

    /// A line of metrics.jsonl, and the notebook's lines in log.txt.
    void append(const EpochMetrics& metrics);
    /// model.pt
    void write_model(std::string_view state_dict);
    /// result.json, last and atomically.
    void close(const Result& result);

private:
    std::filesystem::path folder_;
    AppendFile metrics_;
    AppendFile log_;
};

/// The notebook's own lines for an epoch, to the character.
std::string log_lines(const EpochMetrics& metrics);

/// The result in `folder`, or nothing if there is none that can be read: such a run is not over.
std::optional<Result> read_result(const std::filesystem::path& folder);

}  // namespace labhost
