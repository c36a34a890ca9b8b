// labhost report: one page of all there is to see of some runs; with --watch again and again while they go on.
#include <algorithm>
#include <chrono>
#include <span>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "cli/found_runs.hpp"
#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
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

struct ReportOptions {
    std::string command{};
    std::vector<std::string> names{};
    RunSelection selection{};
    std::filesystem::path output = "report.html";
    bool watch = false;

    void declare(CommandLine& line) {
        command = line.typed();
        line.arguments("RUNS", names);
        selection.declare(line);
        line.value("--output", "FILE", "the page (default: report.html)", output);
        line.flag("--watch", "write it again whenever the runs have got on; of an EXPERIMENT.toml until all are over",
                  watch);
    }
};

/// Where the page goes: a file, or where none is yet. What a link points to is written, and nothing but a file
/// replaced.
std::filesystem::path output_of(const std::filesystem::path& wanted) {
    namespace fs = std::filesystem;
    const std::string name = printable(wanted.native());
    const auto refuse = [&](const std::string& why) {
        throw Error(ExitCode::usage, fmt::format("{}: error: {}; choose another with --output FILE", name, why));
    };
    if (wanted.empty()) refuse("a page needs a name");
    std::error_code error;
    fs::path file = wanted;
    if (fs::is_symlink(file, error)) file = fs::weakly_canonical(file, error);
    if (!file.has_filename() || fs::is_directory(file, error)) refuse("this is a folder");
    if (fs::exists(file, error) && !fs::is_regular_file(file, error)) refuse("this is no file that could be replaced");
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (!fs::is_directory(folder, error)) refuse("there is no such folder");
    return file;
}

PageContent content_of(const FoundRuns& found, const std::string& command) {
    return {.runs = found.runs,
            .experiments = found.experiments,
            .verdicts = found.verdicts(),
            .command = command,
            .reload_seconds = {}};
}

std::size_t count_over(const FoundRuns& found) {
    return static_cast<std::size_t>(
        std::ranges::count_if(found.runs, [](const RunRecord& run) { return is_over(run.status); }));
}

/// The runs that are watched: those of experiments' files are planned once, folders are looked into again.
class Watched {
public:
    Watched(std::span<const std::string> names, const RunSelection& selection) : selection_(selection) {
        for (const std::string& name : names) (is_experiment_file(name) ? files_ : folders_).push_back(name);
        if (!files_.empty()) planned_ = find_runs("report", files_, selection);
        if (files_.empty() && folders_.empty()) find_runs("report", {}, selection);  // says that RUNS are wanted
    }

    FoundRuns now() {
        look_again(planned_);
        FoundRuns all = planned_;
        for (const std::string& folder : folders_) {
            try {
                merge(all, find_runs("report", std::span(&folder, 1), selection_));
            } catch (const Error& e) {  // not there yet, or no more: a sweep that begins makes it
                if (e.code() != ExitCode::usage) throw;
            }
        }
        return all;
    }

    /// A folder does not say which runs are still to come.
    bool is_over(const FoundRuns& found) const { return folders_.empty() && count_over(found) == found.runs.size(); }

private:
    const RunSelection& selection_;
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

ExitCode watch(const ReportOptions& options, const std::filesystem::path& output, const PageParts& parts) {
    const StopSignals signals;
    Watched watched(options.names, options.selection);
    FoundRuns found = watched.now();
    say_warnings(found.warnings);
    diagnose(fmt::format("labhost: watching {} runs; open {} in a browser\n", found.runs.size(),
                         printable(options.output.native())));
    std::string written;
    while (!watched.is_over(found) && StopSignals::noted() == 0) {
        PageContent content = content_of(found, options.command);
        content.reload_seconds = reload_seconds;
        if (std::string now = shown(content); now != written) {
            write_file_atomically(output, report_page(content, parts));
            written = std::move(now);
        }
        const auto until = std::chrono::steady_clock::now() + look_every;
        while (std::chrono::steady_clock::now() < until && StopSignals::noted() == 0) std::this_thread::sleep_for(tick);
        found = watched.now();
    }
    write_file_atomically(output, report_page(content_of(found, options.command), parts));
    diagnose(fmt::format("labhost: {}: {} of {} runs are over\n", printable(options.output.native()), count_over(found),
                         found.runs.size()));
    StopSignals::check();
    return ExitCode::ok;
}

ExitCode write_report(const ReportOptions& options) {
    const PageParts parts = read_page_parts();
    const std::filesystem::path output = output_of(options.output);
    if (options.watch) return watch(options, output, parts);
    const FoundRuns found = find_runs("report", options.names, options.selection);
    say_warnings(found.warnings);
    if (found.runs.empty()) throw Error(ExitCode::usage, "labhost report: error: no run was chosen");
    const std::string page = report_page(content_of(found, options.command), parts);
    write_file_atomically(output, page);
    diagnose(fmt::format("labhost: {}: {} runs, {}\n", printable(options.output.native()), found.runs.size(),
                         size_text(page.size())));
    return ExitCode::ok;
}

}  // namespace

Verb report_verb() {
    return make_verb("report", "one HTML page of these runs: claims, table, curves, mistakes, where they come from",
                     write_report);
}

}  // namespace labhost
