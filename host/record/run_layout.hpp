// Where everything in a runs folder lies: RUNS/<experiment>/experiment.json, RUNS/<experiment>/<id>-<fingerprint's
// beginning>/, and the names of the files in there. No other file knows these names.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace labhost {

/// The files in a run's folder.
namespace run_file {
inline constexpr const char* record = "run.json";     ///< what was asked for; a folder without one is no run's
inline constexpr const char* result = "result.json";  ///< how it ended; written last: its presence ends the run
inline constexpr const char* checkpoint = "checkpoint.pt";
inline constexpr const char* damaged_checkpoint = "checkpoint.pt.damaged";      ///< set aside, cannot be read
inline constexpr const char* other_gpu_checkpoint = "checkpoint.pt.other-gpu";  ///< set aside, of another kind of GPU
inline constexpr const char* metrics = "metrics.jsonl";
inline constexpr const char* log = "log.txt";
inline constexpr const char* model = "model.pt";
inline constexpr const char* predictions = "predictions.json";
inline constexpr const char* profile = "profile.txt";
inline constexpr const char* trace = "trace.json";
inline constexpr const char* claim = "claim.json";  ///< which process trains it; kept afterwards
}  // namespace run_file

/// The file in an experiment's folder: what was asked for last.
inline constexpr const char* experiment_record_file = "experiment.json";

/// The first eight digits of a fingerprint: what people are shown of it, and with which a run's folder is named.
std::string short_fingerprint(std::string_view fingerprint);

/// "<id>-<first eight digits of the fingerprint>".
std::string run_folder_name(std::string_view id, std::string_view fingerprint);

/// What run_folder_name put behind the id; "" if `name` holds no dash.
std::string short_fingerprint_in(std::string_view name);

/// RUNS/<experiment>.
std::filesystem::path experiment_folder(const std::filesystem::path& runs, const std::string& experiment);

/// RUNS/<experiment>/<run>.
std::filesystem::path run_folder(const std::filesystem::path& runs, const std::string& experiment, std::string_view id,
                                 std::string_view fingerprint);

/// Whether there is a run's record in it.
bool is_run_folder(const std::filesystem::path& folder);

/// Whether a file of this name is a checkpoint, in use or set aside.
bool is_checkpoint(std::string_view file_name);

/// Whether it is what a write leaves that was broken off: "model.pt.tmp123".
bool is_leftover(std::string_view file_name);

}  // namespace labhost
