#include "cluster/submission.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "record/run_layout.hpp"
#include "record/run_record.hpp"
#include "support/console.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void cannot(const fs::path& what, const std::string& why) {
    throw StorageError(fmt::format("{}: error: cannot be written: {}", what.native(), why));
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) cannot(folder, error.message());
}

/// A copy that its owner alone may not even write to; a host refuses plugins that all users may.
Json copy_of(const fs::path& from, const fs::path& to) {
    const std::string content = read_file(from);
    make_folder(to.parent_path());
    write_file_atomically(to, content);
    std::error_code error;
    fs::permissions(to,
                    fs::perms::owner_read | fs::perms::owner_exec | fs::perms::group_read | fs::perms::group_exec |
                        fs::perms::others_read | fs::perms::others_exec,
                    error);
    if (error) cannot(to, error.message());
    return {{"file", to.filename().native()}, {"from", from.native()}, {"sha256", sha256(content)}};
}

/// The host as an installation lays it out: it then finds its own parts beside it.
void copy_host(const fs::path& folder, Json& copies) {
    const fs::path engine = installed_file("lib/liblabhost_engine.so", "lib/labhost/liblabhost_engine.so");
    copies.push_back(copy_of(fs::read_symlink("/proc/self/exe"), folder / "bin" / "labhost"));
    copies.push_back(copy_of(engine, folder / "lib" / "labhost" / engine.filename()));
    for (const fs::path& place : {engine.parent_path(), engine.parent_path().parent_path()}) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(place, error))
            if (entry.path().filename().native().starts_with("liblabhost_sdk.so"))
                copies.push_back(copy_of(entry.path(), folder / "lib" / entry.path().filename()));
    }
}

Json to_json(const Overrides& overrides) {
    return {{"set", overrides.set},
            {"seeds", overrides.seeds},
            {"timeout", overrides.timeout ? Json(*overrides.timeout) : Json(nullptr)},
            {"folder", overrides.folder.native()}};
}

Overrides overrides_from(const Json& json) {
    Overrides overrides{.set = json.at("set").get<std::vector<std::string>>(),
                        .seeds = json.at("seeds").get<std::vector<std::uint64_t>>(),
                        .folder = json.at("folder").get<std::string>()};
    if (!json.at("timeout").is_null()) overrides.timeout = json.at("timeout").get<double>();
    return overrides;
}

Json to_json(const std::vector<SubmittedRun>& runs) {
    Json list = Json::array();
    for (const SubmittedRun& run : runs)
        list.push_back({{"id", run.id},
                        {"model", run.model},
                        {"seed", run.seed},
                        {"fingerprint", run.fingerprint},
                        {"device", run.device}});
    return list;
}

std::vector<SubmittedRun> runs_from(const Json& list) {
    std::vector<SubmittedRun> runs;
    for (const Json& run : list)
        runs.push_back({.id = run.at("id").get<std::string>(),
                        .model = run.at("model").get<std::string>(),
                        .seed = run.at("seed").get<std::uint64_t>(),
                        .fingerprint = run.at("fingerprint").get<std::string>(),
                        .device = run.at("device").get<std::string>()});
    return runs;
}

Json plan_json(const Submission& s, Json copies) {
    return {{"schema", 1},
            {"id", s.id},
            {"experiment", s.experiment},
            {"file", s.file_name},
            {"command", s.command},
            {"git", s.revision},
            {"overrides", to_json(s.overrides)},
            {"runs_folder", s.runs_folder.native()},
            {"data_folder", s.data_folder.native()},
            {"pack", s.pack},
            {"max_requeues", s.max_requeues},
            {"cpus_per_task", s.cpus_per_task},
            {"allow_insecure_plugins", s.allow_insecure},
            {"copies", std::move(copies)},
            {"runs", to_json(s.runs)},
            {"finished", to_json(s.finished)}};
}

}  // namespace

fs::path Submission::run_folder(const SubmittedRun& run) const {
    return labhost::run_folder(runs_folder, experiment, run.id, run.fingerprint);
}

bool Submission::holds_job(const std::string& job) const {
    const std::string array = job.substr(0, job.find('_'));
    return !array.empty() && std::ranges::any_of(jobs, [&](const SubmittedJob& known) { return known.job == array; });
}

Submission submission_of(const Plan& plan, const SlurmSettings& settings, const SubmissionRequest& request,
                         const std::set<std::string>& queued) {
    Submission submission{.experiment = plan.experiment,
                          .file_name = plan.file.filename().native(),
                          .command = plan.command,
                          .revision = plan.revision,
                          .overrides = {.set = request.overrides.set,
                                        .seeds = request.overrides.seeds,
                                        .timeout = request.overrides.timeout,
                                        .folder = plan.file.parent_path()},
                          .runs_folder = fs::absolute(request.runs_folder).lexically_normal(),
                          .data_folder = fs::absolute(request.data_folder).lexically_normal(),
                          .pack = static_cast<std::size_t>(settings.pack),
                          .max_requeues = settings.max_requeues,
                          .cpus_per_task = settings.cpus_per_task.value_or(1),
                          .allow_insecure = request.allow_insecure};
    for (const PlannedRun& run : plan.runs) {
        const std::string& asked = run.settings.trainer.device;
        SubmittedRun submitted{.id = run.settings.id,
                               .model = run.settings.model,
                               .seed = run.settings.seed,
                               .fingerprint = run.fingerprint,
                               .device = !run.device.cuda  ? "cpu"
                                         : asked == "auto" ? "cuda"
                                                           : asked};
        if (run.status == RunState::finished)
            submission.finished.push_back(std::move(submitted));
        else if (!queued.contains(run.fingerprint))
            submission.runs.push_back(std::move(submitted));
    }
    return submission;
}

std::unique_ptr<RunLocks> lock_submissions(const fs::path& runs_folder) {
    constexpr std::chrono::milliseconds poll_every{200};
    const fs::path all = runs_folder / ".submit";
    auto locks = std::make_unique<RunLocks>(all);
    bool told = false;
    while (!locks->claim_alone(all)) {
        if (!std::exchange(told, true))
            diagnose(fmt::format("labhost: another labhost submits or cancels in {}; waiting for it\n",
                                 printable(runs_folder.native())));
        std::this_thread::sleep_for(poll_every);
    }
    return locks;
}

void write_submission(Submission& s, const Plan& plan) {
    const fs::path all = s.runs_folder / ".submit";
    make_folder(all);
    for (int attempt = 0; s.folder.empty(); ++attempt) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
        s.id = fmt::format("{}-{:%Y%m%dT%H%M%S}.{:06}Z-{}", s.experiment,
                           fmt::gmtime(static_cast<std::time_t>(micros / 1'000'000)), micros % 1'000'000,
                           ::getpid() + attempt);
        std::error_code error;
        if (fs::create_directory(all / s.id, error)) s.folder = all / s.id;
        if (error) cannot(all / s.id, error.message());
    }
    make_folder(s.folder / "log");
    make_folder(s.folder / "tasks");
    Json copies = Json::array();
    copies.push_back(copy_of(plan.file, s.file()));
    copy_host(s.folder, copies);
    std::set<fs::path> plugins;
    for (const PlannedRun& run : plan.runs)
        if (plugins.insert(run.plugin->file).second)
            copies.push_back(copy_of(run.plugin->file, s.folder / "plugins" / run.plugin->file.filename()));
    write_file_atomically(s.folder / "plan.json", plan_json(s, std::move(copies)).dump() + "\n");
}

void write_jobs(const Submission& submission) {
    Json jobs = Json::array();
    for (const SubmittedJob& job : submission.jobs)
        jobs.push_back({{"job", job.job}, {"first", job.first}, {"tasks", job.tasks}});
    write_file_atomically(submission.folder / "jobs.json", to_text({{"schema", 1}, {"jobs", std::move(jobs)}}));
}

Submission read_submission(const fs::path& folder) {
    const fs::path file = folder / "plan.json";
    try {
        const Json json = Json::parse(read_file(file));
        Submission s{.id = json.at("id").get<std::string>(),
                     .folder = folder,
                     .experiment = json.at("experiment").get<std::string>(),
                     .file_name = json.at("file").get<std::string>(),
                     .command = json.at("command").get<std::string>(),
                     .revision = json.at("git").get<std::string>(),
                     .overrides = overrides_from(json.at("overrides")),
                     .runs_folder = json.at("runs_folder").get<std::string>(),
                     .data_folder = json.at("data_folder").get<std::string>(),
                     .pack = std::max<std::size_t>(1, json.at("pack").get<std::size_t>()),
                     .max_requeues = json.at("max_requeues").get<std::int64_t>(),
                     .cpus_per_task = json.at("cpus_per_task").get<std::int64_t>(),
                     .allow_insecure = json.at("allow_insecure_plugins").get<bool>()};
        s.runs = runs_from(json.at("runs"));
        s.finished = runs_from(json.at("finished"));
        const Json jobs = read_object(folder / "jobs.json");
        if (jobs.contains("jobs"))
            for (const Json& job : jobs.at("jobs"))
                s.jobs.push_back({.job = job.at("job").get<std::string>(),
                                  .first = job.at("first").get<std::size_t>(),
                                  .tasks = job.at("tasks").get<std::size_t>()});
        return s;
    } catch (const nlohmann::json::exception& e) {
        throw Error(ExitCode::usage, fmt::format("{}: error: is no plan of a submission: {}", file.native(), e.what()));
    }
}

std::vector<Submission> find_submissions(const fs::path& runs_folder, const std::string& experiment) {
    std::vector<fs::path> folders;
    std::error_code error;
    for (auto entry = fs::directory_iterator(runs_folder / ".submit", error);
         !error && entry != fs::directory_iterator(); entry.increment(error))
        if (experiment.empty() || entry->path().filename().native().starts_with(experiment + "-"))
            folders.push_back(entry->path());
    std::ranges::sort(folders, {}, [](const fs::path& folder) { return folder.filename(); });
    std::vector<Submission> found;
    for (const fs::path& folder : folders) {
        if (!file_exists(folder / "plan.json")) continue;  // being written: nothing of it was handed over
        try {
            Submission submission = read_submission(folder);
            if (experiment.empty() || submission.experiment == experiment) found.push_back(std::move(submission));
        } catch (const Error& e) {
            diagnose(fmt::format("labhost: warning: {}; what was submitted with it is not known here\n",
                                 printable(e.what())));
        }
    }
    return found;
}

}  // namespace labhost
