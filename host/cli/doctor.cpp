// labhost doctor: what this machine is to labhost, a line each, with what to do; the text for a bug report.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "doctor/doctor.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

const char* color_of(Finding::Status status) {
    switch (status) {
        case Finding::Status::ok: return "\x1b[32m";
        case Finding::Status::warning: return "\x1b[33m";
        case Finding::Status::failure: break;
    }
    return "\x1b[31m";
}

constexpr int status_width = 7;
constexpr int name_width = 17;

void print(const Finding& finding, bool color) {
    const Json line = to_json(finding);  // made printable
    const std::string status = fmt::format("{:<{}}", text_of(finding.status), status_width);
    fmt::print("{}  {:<{}}  {}\n", color ? fmt::format("{}{}\x1b[0m", color_of(finding.status), status) : status,
               text_at(line, "name"), name_width, text_at(line, "says"));
    if (!finding.remedy.empty())
        fmt::print("{:<{}}-> {}\n", "", status_width + name_width + 4, text_at(line, "remedy"));
    std::fflush(stdout);  // what follows may take its time
}

std::string verdict_text(const Findings& findings) {
    const auto count = [&](Finding::Status status) { return std::ranges::count(findings, status, &Finding::status); };
    const auto counted = [](std::ptrdiff_t number, const char* what) {
        return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
    };
    const auto warnings = counted(count(Finding::Status::warning), "warning");
    if (const auto failures = count(Finding::Status::failure); failures > 0)
        return fmt::format("labhost cannot work here as it is: {}, {}", counted(failures, "failure"), warnings);
    return fmt::format("labhost can work here: {}", warnings);
}

struct DoctorOptions {
    DoctorPlaces paths{.runs = "runs"};
    bool json = false;
    bool color = true;

    void declare(CommandLine& line) {
        declare_plugins(line, paths.plugins);
        declare_data(line, paths.data);
        declare_runs(line, paths.runs);
        declare_json(line, json);
        line.color(color);
    }
};

ExitCode doctor(const DoctorOptions& options) {
    const StopSignals stop;
    const bool color = options.color && isatty(STDOUT_FILENO) != 0;
    const Findings findings = look_at_all(options.paths, [&](const Finding& finding) {
        if (!options.json) print(finding, color);
    });
    const Finding::Status verdict = verdict_of(findings);
    if (options.json) {
        Json checks = Json::array();
        for (const Finding& finding : findings) checks.push_back(to_json(finding));
        fmt::print("{}", to_text(Json{{"schema", 1}, {"checks", checks}, {"verdict", text_of(verdict)}}));
    } else {
        fmt::print("\n{}\n", verdict_text(findings));
    }
    return verdict == Finding::Status::failure ? ExitCode::unusable : ExitCode::ok;
}

}  // namespace

Verb doctor_verb() {
    return make_verb("doctor", "what this machine is to labhost: LibTorch, GPUs, data, plugins, limits", doctor);
}

}  // namespace labhost
