#include "sweep/duplicate.hpp"

#include "record/run_layout.hpp"
#include "record/run_state.hpp"
#include "support/error.hpp"
#include "sweep/run_json.hpp"

namespace labhost {

std::optional<message::Finished> adopt_duplicate(const Plan& plan, const PlannedRun& run, const Device& device,
                                                 const std::filesystem::path& duplicate, RunFolder& folder) {
    const FoundState found = state_of(duplicate, run.fingerprint);
    if (!is_run_folder(duplicate) || found.state != RunState::finished) return std::nullopt;
    Json json = run_json(plan, run, device);
    json["same_as"] = duplicate.filename().native();
    try {
        const Json theirs = Json::parse(read_file(duplicate / run_file::record), nullptr, /*allow_exceptions=*/false);
        if (theirs.is_object() && theirs.contains("provenance")) {
            json["provenance"] = theirs["provenance"];
            json["provenance"]["experiment_file"] = plan.file.native();  // this run's, by which gc judges
        }
        if (!folder.adopt(duplicate, json)) return std::nullopt;
    } catch (const StorageError&) {
        throw;
    } catch (const Error&) {  // a file that cannot be read
        return std::nullopt;
    }
    return message::Finished{
        .seconds = found.result->seconds, .final = *found.result->final, .kept_epoch = found.result->kept_epoch};
}

}  // namespace labhost
