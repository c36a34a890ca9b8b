#include "record/run_record.hpp"

#include <algorithm>
#include <system_error>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "record/run_layout.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// Why a record is left out.
struct Damage {
    std::string why;
};

/// A pipe or device of that name would keep a reader waiting.
std::string read_regular_file(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) throw Damage{fmt::format("{} is no file", file.filename().native())};
    return read_file(file);
}

/// Refuses what is nested so deeply that copying it would exhaust the stack; no record is.
Json parse_record(const std::string& text) {
    return Json::parse(text, [](int depth, Json::parse_event_t, const Json&) {
        if (depth > 32) throw Damage{"run.json is nested too deeply"};
        return true;
    });
}

Json object_at(const Json& json, const char* key) {
    if (!json.at(key).is_object()) throw Damage{fmt::format("run.json has no table '{}'", key)};
    return json.at(key);
}

RunRecord asked_for(const Json& json) {
    RunRecord run{.experiment = json.at("experiment").get<std::string>(),
                  .id = json.at("id").get<std::string>(),
                  .model = json.at("model").get<std::string>(),
                  .params = object_at(json, "params"),
                  .trainer = object_at(json, "trainer"),
                  .data = object_at(json, "data"),
                  .fingerprint = json.at("fingerprint").get<std::string>()};
    if (!json.at("seed").is_number_unsigned()) throw Damage{"run.json has no seed"};
    run.seed = json.at("seed").get<std::uint64_t>();
    if (json.contains("fingerprint_of")) run.fingerprint_of = object_at(json, "fingerprint_of");
    if (json.contains("reference")) run.reference = reference_from_json(json.at("reference"));
    if (json.contains("provenance") && object_at(json, "provenance").contains("experiment_file"))
        run.experiment_file = json.at("provenance").value("experiment_file", std::string());
    return run;
}

RunRecord read_record(const fs::path& folder) {
    RunRecord run;
    try {
        run = asked_for(parse_record(read_regular_file(folder / run_file::record)));
    } catch (const nlohmann::json::exception& e) {
        throw Damage{fmt::format("run.json: {}", e.what())};
    }
    run.folder = folder;
    FoundState found = state_of(folder, run.fingerprint);
    if (found.damaged_result) {
        read_regular_file(folder / run_file::result);
        throw Damage{"result.json is damaged"};
    }
    run.status = found.state;
    if (!found.result) return run;
    run.reason = found.state == RunState::failed ? found.result->reason : "";
    run.job = found.result->job;
    run.final = found.result->final;
    run.kept_epoch = found.result->kept_epoch;
    run.seconds = found.result->seconds;
    return run;
}

class Finder {
public:
    explicit Finder(Links links) : links_(links) {}

    /// Whether `folder` is a run's.
    bool take(const fs::path& folder) {
        if (!is_run_folder(folder)) {
            const bool was_a_run = file_exists(folder / run_file::result) || file_exists(folder / run_file::checkpoint);
            if (was_a_run) warn(folder, "its run.json is missing; running it again with --force writes it");
            return was_a_run;
        }
        try {
            found_.runs.push_back(read_record(folder));
        } catch (const Damage& e) {
            warn(folder, e.why);
        } catch (const Error& e) {
            warn(folder, e.what());
        }
        return true;
    }

    std::vector<fs::path> folders_in(const fs::path& folder) {
        std::vector<fs::path> folders;
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
            std::error_code unknown;
            const bool link = entry->is_symlink(unknown);
            if (entry->is_directory(unknown) && !(link && links_ == Links::skip)) folders.push_back(entry->path());
        }
        if (error) warn(folder, error.message());
        return folders;
    }

    FoundRecords sorted() {
        std::ranges::sort(found_.runs, [](const RunRecord& a, const RunRecord& b) {
            return std::tie(a.experiment, a.folder) < std::tie(b.experiment, b.folder);
        });
        return std::move(found_);
    }

private:
    void warn(const fs::path& folder, const std::string& why) {
        found_.warnings.push_back(printable(fmt::format("{}: left out: {}", folder.native(), one_line(why))));
    }

    Links links_;
    FoundRecords found_;
};

}  // namespace

std::vector<EpochMetrics> read_epochs(const fs::path& folder) {
    std::vector<EpochMetrics> epochs;
    try {
        for (const std::string& line : split(read_regular_file(folder / run_file::metrics), '\n')) {
            try {
                epochs.push_back(metrics_from_json(parse_record(line)));
            } catch (const nlohmann::json::exception&) {  // half a line, of a process that was killed
            }
        }
    } catch (const Damage&) {  // there is none
    } catch (const Error&) {   // it cannot be read
    }
    return epochs;
}

Json read_object(const fs::path& file) {
    try {
        Json json = parse_record(read_regular_file(file));
        if (json.is_object()) return json;
    } catch (const nlohmann::json::exception&) {
    } catch (const Damage&) {
    } catch (const Error&) {
    }
    return Json::object();
}

std::string status_text(const RunRecord& run) {
    return run.queue_state.empty() ? to_text(run.status) : run.queue_state;
}

std::optional<RunRecord> find_record(const fs::path& folder, const std::string& fingerprint) {
    if (!is_run_folder(folder)) return std::nullopt;
    FoundRecords found = find_records(folder);
    if (found.runs.empty() || found.runs.front().fingerprint != fingerprint) return std::nullopt;
    return std::move(found.runs.front());
}

FoundRecords find_records(const fs::path& folder, Links links) {
    std::error_code error;
    if (!fs::is_directory(folder, error))
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: {}; name a folder of runs, as in 'labhost results runs'",
                                printable(folder.native()), file_exists(folder) ? "not a folder" : "no such folder"));
    Finder finder(links);
    const fs::path place = folder.has_filename() ? folder : folder.parent_path();  // without a slash behind it
    if (finder.take(place)) return finder.sorted();
    for (const fs::path& inner : finder.folders_in(place)) {
        if (finder.take(inner)) continue;
        for (const fs::path& run : finder.folders_in(inner)) finder.take(run);
    }
    return finder.sorted();
}

}  // namespace labhost
