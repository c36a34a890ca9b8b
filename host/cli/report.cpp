// labhost report: one page of all there is to see of some runs; with --watch again and again while they go on.
#include <algorithm>
#include <chrono>
#include <span>
#include <system_error>
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

/// Where the page goes: a file, or where none is yet. What a link points to is written, and nothing but a file
/// replaced.
std::filesystem::path output_of(const Options& options) {
    namespace fs = std::filesystem;
    const std::string name = printable(options.output.native());
    const auto refuse = [&](const std::string& why) {
        throw Error(ExitCode::usage, fmt::format("{}: error: {}; choose another with --output FILE", name, why));
    };
    if (options.output.empty()) refuse("a page needs a name");
    std::error_code error;
    fs::path file = options.output;
    if (fs::is_symlink(file, error)) file = fs::weakly_canonical(file, error);
    if (!file.has_filename() || fs::is_directory(file, error)) refuse("this is a folder");
    if (fs::exists(file, error) && !fs::is_regular_file(file, error)) refuse("this is no file that could be replaced");
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (!fs::is_directory(folder, error)) refuse("there is no such folder");
    return file;
}

PageContent content_of(const FoundRuns& found, const Options& options) {
    return {.runs = found.runs,
            .experiments = found.experiments,
            .verdicts = found.verdicts(),
            .command = options.command,
            .reload_seconds = {}};
}

std::size_t count_over(const FoundRuns& found) {
    return static_cast<std::size_t>(
        std::ranges::count_if(found.runs, [](const RunRecord& run) { return is_over(run.status); }));
}

/// The runs that are watched: those of experiments' files are planned once, folders are looked into again.
class Watched {
public:
    explicit Watched(const Options& options) : options_(options) {
        for (const std::string& name : options.arguments)
            (is_experiment_file(name) ? files_ : folders_).push_back(name);
        if (!files_.empty()) planned_ = find_runs("report", files_, options);
        if (files_.empty() && folders_.empty()) find_runs("report", {}, options);  // says that RUNS are wanted
    }

    FoundRuns now() {
        look_again(planned_);
        FoundRuns all = planned_;
        for (const std::string& folder : folders_) {
            try {
                merge(all, find_runs("report", std::span(&folder, 1), options_));
            } catch (const Error& e) {  // not there yet, or no more: a sweep that begins makes it
                if (e.code() != ExitCode::usage) throw;
            }
        }
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

ExitCode watch(const Options& options, const std::filesystem::path& output, const PageParts& parts) {
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
            write_file_atomically(output, report_page(content, parts));
            written = std::move(now);
        }
        const auto until = std::chrono::steady_clock::now() + look_every;
        while (std::chrono::steady_clock::now() < until && StopSignals::noted() == 0) std::this_thread::sleep_for(tick);
        found = watched.now();
    }
    write_file_atomically(output, report_page(content_of(found, options), parts));
    diagnose(fmt::format("labhost: {}: {} of {} runs are over\n", printable(options.output.native()), count_over(found),
                         found.runs.size()));
    StopSignals::check();
    return ExitCode::ok;
}

ExitCode write_report(const Options& options) {
    const PageParts parts = read_page_parts();
    const std::filesystem::path output = output_of(options);
    if (options.watch) return watch(options, output, parts);
    const FoundRuns found = find_runs("report", options.arguments, options);
    say_warnings(found.warnings);
    if (found.runs.empty()) throw Error(ExitCode::usage, "labhost report: error: no run was chosen");
    const std::string page = report_page(content_of(found, options), parts);
    write_file_atomically(output, page);
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
