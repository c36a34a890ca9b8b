// labhost report: one page of all there is to see of some runs; with --watch again and again while they go on.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>

#include <fmt/format.h>

#include "cli/found_runs.hpp"
#include "cli/verbs.hpp"
#include "report/page.hpp"
#include "support/console.hpp"
#include "support/files.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

constexpr std::chrono::milliseconds look_every{1000};
constexpr std::chrono::milliseconds tick{100};
constexpr int reload_seconds = 3;

PageContent content_of(const FoundRuns& found, const Options& options) {
    return {.runs = found.runs,
            .experiments = found.experiments,
            .verdicts = found.verdicts(),
            .command = options.command,
            .reload_seconds = {}};
}

void write_page(const PageContent& content, const Options& options, const PageParts& parts) {
    write_file_atomically(options.output, report_page(content, parts));
}

std::size_t count_over(const FoundRuns& found) {
    return static_cast<std::size_t>(std::ranges::count_if(
        found.runs, [](const RunRecord& run) { return run.status == "finished" || run.status == "failed"; }));
}

/// The runs that are watched: those of experiments' files are planned once, folders are looked into again.
class Watched {
public:
    explicit Watched(const Options& options) : options_(options) {
        for (const std::string& name : options.arguments) (is_experiment_file(name) ? files_ : folders_).push_back(name);
        if (!files_.empty()) planned_ = find_runs("report", files_, options);
    }

    FoundRuns now() {
        look_again(planned_.runs);
        FoundRuns all = planned_;
        if (folders_.empty() && !files_.empty()) return all;
        FoundRuns found = find_runs("report", folders_, options_);
        std::ranges::move(found.runs, std::back_inserter(all.runs));
        std::ranges::move(found.experiments, std::back_inserter(all.experiments));
        std::ranges::move(found.warnings, std::back_inserter(all.warnings));
        return all;
    }

    /// A folder does not say which runs are still to come.
    bool is_over(const FoundRuns& found) const { return folders_.empty() && count_over(found) == found.runs.size(); }

private:
    const Options& options_;
    std::vector<std::string> files_;
    std::vector<std::string> folders_;
    FoundRuns planned_;
};

/// What is shown, but for the time.
std::string shown(const PageContent& content) {
    Json data = page_data(content);
    data.erase("made");
    return data.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ExitCode watch(const Options& options, const PageParts& parts) {
    const StopSignals signals;
    Watched watched(options);
    FoundRuns found = watched.now();
    say_warnings(found.warnings);
    diagnose(fmt::format("labhost: watching {} runs; open {} in a browser\n", found.runs.size(),
                         printable(options.output.native())));
    std::string written;
    while (!watched.is_over(found) && StopSignals::noted() == 0) {
        PageContent content = content_of(found, options);
        content.reload_seconds = reload_seconds;
        if (std::string now = shown(content); now != written) {
            write_page(content, options, parts);
            written = std::move(now);
        }
        const auto until = std::chrono::steady_clock::now() + look_every;
        while (std::chrono::steady_clock::now() < until && StopSignals::noted() == 0) std::this_thread::sleep_for(tick);
        found = watched.now();
    }
    write_page(content_of(found, options), options, parts);
    diagnose(fmt::format("labhost: {}: {} of {} runs are over\n", printable(options.output.native()), count_over(found),
                         found.runs.size()));
    StopSignals::check();
    return ExitCode::ok;
}

ExitCode write_report(const Options& options) {
    const PageParts parts = read_page_parts();
    if (options.watch) return watch(options, parts);
    const FoundRuns found = find_runs("report", options.arguments, options);
    say_warnings(found.warnings);
    if (found.runs.empty()) throw Error(ExitCode::usage, "labhost report: error: no run was chosen");
    const std::string page = report_page(content_of(found, options), parts);
    write_file_atomically(options.output, page);
    diagnose(fmt::format("labhost: {}: {} runs, {}\n", printable(options.output.native()), found.runs.size(),
                         size_text(page.size())));
    return ExitCode::ok;
}

}  // namespace

Verb report_verb() {
    return {{.verb = "report",
             .argument = "RUNS...",
             .summary = "one HTML page of these runs: claims, table, curves, mistakes, where they come from",
             .selects_runs = true,
             .plugins = true,
             .data = true,
             .reports = true},
            write_report};
}

}  // namespace labhost
