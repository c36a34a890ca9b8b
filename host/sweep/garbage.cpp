#include "sweep/garbage.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "record/run_layout.hpp"
#include "record/run_lock.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"
#include "sweep/plan_record.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// An experiment's file, as a plan.
struct Asked {
    fs::path file{};
    std::string experiment{};
    std::vector<RunRecord> runs{};
    std::set<fs::path> needed{};  ///< names of folders that its runs go on from

    bool needs(const RunRecord& run) const {
        return run.experiment == experiment && needed.contains(run.folder.filename());
    }
    bool holds(const RunRecord& run) const {
        return run.experiment == experiment &&
               std::ranges::any_of(runs, [&](const RunRecord& r) { return r.fingerprint == run.fingerprint; });
    }

    /// Why it does not hold `run`.
    std::string refusal(const RunRecord& run) const {
        if (run.experiment != experiment)
            return fmt::format("{} is the experiment '{}' now", file.native(), experiment);
        const auto same = std::ranges::find(runs, run.id, &RunRecord::id);
        if (same == runs.end()) return fmt::format("{} asks for no run of this id", file.native());
        std::vector<std::string> changed;
        for (const auto& [key, value] : same->fingerprint_of.items())
            if (!run.fingerprint_of.is_object() || !run.fingerprint_of.contains(key) ||
                run.fingerprint_of.at(key) != value)
                changed.push_back(key);
        return fmt::format("{} asks for it with other {}", file.native(), join(changed));
    }
};

Asked read_asked(const fs::path& file, const Paths& places) {
    const Plan plan = make_plan(read_experiment(file, {}), places);
    Asked asked{.file = file,
                .experiment = plan.experiment,
                .runs = records_of(plan, FingerprintInputs::included),
                .needed = {}};
    for (const PlannedRun& run : plan.runs)
        if (!run.continues.folder.empty()) asked.needed.insert(run.continues.folder.filename());
    return asked;
}

/// Of what lies below `folder`, links themselves and not what they lead to.
std::uintmax_t bytes_in(const fs::path& folder) {
    std::uintmax_t bytes = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code unknown;
        if (entry->symlink_status(unknown).type() != fs::file_type::regular) continue;
        const std::uintmax_t size = entry->file_size(unknown);
        if (!unknown) bytes += size;
    }
    return bytes;
}

class Search {
public:
    Search(const std::vector<fs::path>& experiments, const Paths& places) : places_(places) {
        for (const fs::path& file : experiments) given_.push_back(read_asked(file, places));
    }

    void look_into(const fs::path& folder) {
        const FoundRecords found = find_records(folder, Links::skip);
        found_.notes.insert(found_.notes.end(), found.warnings.begin(), found.warnings.end());
        for (const RunRecord& run : found.runs)
            if (seen_.insert(fs::weakly_canonical(run.folder)).second) look_at(run);
    }

    FoundGarbage take() { return std::move(found_); }
    const std::vector<Asked>& given() const { return given_; }

private:
    void look_at(const RunRecord& run) {
        if (fs::is_symlink(run.folder)) return;
        if (is_claimed(run.folder)) return note(run, "kept: it is being trained");
        if (is_needed(run)) return note(run, "kept: a longer run goes on from it");
        if (const auto why = not_asked_for(run)) {
            found_.items.push_back({.path = run.folder,
                                    .run = run.folder,
                                    .fingerprint = run.fingerprint,
                                    .why = *why,
                                    .bytes = bytes_in(run.folder)});
        } else if (run.status == RunState::finished) {
            add_leftovers(run);
        }
    }

    bool is_needed(const RunRecord& run) {
        if (std::ranges::any_of(given_, [&](const Asked& asked) { return asked.needs(run); })) return true;
        if (run.status != RunState::finished || run.experiment_file.empty() || !file_exists(run.experiment_file))
            return false;
        const Asked* own = planned(run);
        return own != nullptr && own->needs(run);
    }

    void add_leftovers(const RunRecord& run) {
        std::vector<Garbage> items;
        std::error_code error;
        for (fs::directory_iterator entry(run.folder, error), end; !error && entry != end; entry.increment(error)) {
            std::error_code unknown;
            if (entry->symlink_status(unknown).type() != fs::file_type::regular) continue;
            const std::string name = entry->path().filename().native();
            const bool checkpoint = is_checkpoint(name);
            if (!checkpoint && !is_leftover(name)) continue;
            const std::uintmax_t bytes = entry->file_size(unknown);
            items.push_back({.path = entry->path(),
                             .run = run.folder,
                             .fingerprint = run.fingerprint,
                             .why = checkpoint ? "its run is finished" : "left by a write that was broken off",
                             .bytes = unknown ? 0 : bytes});
        }
        std::ranges::sort(items, {}, &Garbage::path);
        found_.items.insert(found_.items.end(), items.begin(), items.end());
    }

    /// Why no experiment asks for it; nothing if one does, or that cannot be told.
    std::optional<std::string> not_asked_for(const RunRecord& run) {
        std::optional<std::string> why;
        for (const Asked& asked : given_) {
            if (asked.experiment != run.experiment) continue;
            if (asked.holds(run)) return std::nullopt;
            why = asked.refusal(run);
        }
        const bool own_file_counts = !run.experiment_file.empty() && file_exists(run.experiment_file);
        if (own_file_counts) {
            const Asked* own = planned(run);
            if (own == nullptr || own->holds(run)) return std::nullopt;
            if (!why) why = own->refusal(run);
        } else if (!why) {
            note(run, run.experiment_file.empty()
                          ? "kept: its record does not say which experiment's file asks for it; name that file"
                          : fmt::format("kept: {}, which asked for it, is not there", run.experiment_file.native()));
        }
        if (why && !is_own_name(run)) {
            note(run, "kept: its folder has another name than its record says");
            return std::nullopt;
        }
        return why;
    }

    /// Whether the folder is RUNS/<experiment>/<id>-<fingerprint>, as labhost makes it.
    static bool is_own_name(const RunRecord& run) {
        const fs::path folder = fs::weakly_canonical(run.folder);
        return folder.filename().native() == run_folder_name(run.id, run.fingerprint) &&
               folder.parent_path().filename().native() == run.experiment;
    }

    /// The plan of the file that the run's record names; null if it cannot be one.
    const Asked* planned(const RunRecord& run) {
        const auto [at, is_new] = planned_.try_emplace(run.experiment_file.native());
        if (is_new) {
            try {
                at->second = read_asked(run.experiment_file, places_);
            } catch (const StopError&) {
                throw;
            } catch (const Error& e) {
                faults_[at->first] = one_line(e.what());
            }
        }
        if (at->second) return &*at->second;
        note(run, fmt::format("kept: what asks for it cannot be planned: {}", faults_[at->first]));
        return nullptr;
    }

    void note(const RunRecord& run, const std::string& what) {
        found_.notes.push_back(printable(fmt::format("{}: {}", run.folder.native(), one_line(what))));
    }

    const Paths& places_;
    std::vector<Asked> given_;
    std::map<std::string, std::optional<Asked>> planned_;  ///< by the file's path
    std::map<std::string, std::string> faults_;
    std::set<fs::path> seen_;
    FoundGarbage found_;
};

}  // namespace

FoundGarbage find_garbage(const std::vector<fs::path>& folders, const std::vector<fs::path>& experiments,
                          const Paths& places) {
    Search search(experiments, places);
    for (const fs::path& folder : folders) search.look_into(folder);
    if (folders.empty())
        for (const Asked& asked : search.given())
            if (file_exists(experiment_folder(places.runs, asked.experiment)))
                search.look_into(experiment_folder(places.runs, asked.experiment));
    return search.take();
}

bool remove_garbage(const Garbage& item) {
    // Claimed, so that nobody begins the run meanwhile; and looked at again, since somebody may have in the time that
    // it took to answer.
    RunLocks locks(item.run.parent_path());
    if (!locks.claim_alone(item.run)) return false;
    if (item.path != item.run && state_of(item.run, item.fingerprint).state != RunState::finished) return false;
    std::error_code error;
    // The result goes first: a folder that is removed by halves must not look like a finished run.
    if (item.path == item.run) fs::remove(item.path / run_file::result, error);
    if (!error) fs::remove_all(item.path, error);
    if (error)
        throw StorageError(fmt::format("{}: error: cannot remove: {}", printable(item.path.native()), error.message()));
    return true;
}

}  // namespace labhost
