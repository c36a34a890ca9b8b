#include "doctor/tools.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <openssl/crypto.h>
#include <sys/utsname.h>
#include <toml++/toml.h>
#include <unistd.h>
#include <zlib.h>
#include <boost/version.hpp>

#include "doctor/ask.hpp"
#include "plugin/stamp.hpp"
#include "support/slurm_task.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

std::string first_line(const std::string& text) {
    const auto lines = split(text, '\n');
    return lines.empty() ? "" : lines.front();
}

Finding look_at_slurm() {
    const Answer sbatch = ask_program({"sbatch", "--version"});
    const Answer squeue = ask_program({"squeue", "--version"});
    Finding finding{.name = "Slurm", .data = {{"sbatch", sbatch.found}, {"squeue", squeue.found}, {"version", ""}}};
    if (!sbatch.found && !squeue.found) {
        finding.says = "not here: labhost submit needs it, and nothing else does";
    } else if (!sbatch.found || !squeue.found) {
        finding.status = Finding::Status::warning;
        finding.says = fmt::format("{} is here, {} is not: labhost submit needs both",
                                   sbatch.found ? "sbatch" : "squeue", sbatch.found ? "squeue" : "sbatch");
        finding.remedy = "install Slurm's commands whole, or put their folder into PATH";
    } else if (!sbatch.fault.empty() || !squeue.fault.empty()) {
        const bool first = !sbatch.fault.empty();
        finding.status = Finding::Status::warning;
        finding.says =
            fmt::format("{} --version: {}", first ? "sbatch" : "squeue", first ? sbatch.fault : squeue.fault);
        finding.remedy = "labhost submit will not work before that command does";
    } else {
        finding.data["version"] = first_line(sbatch.out);
        finding.says = fmt::format("{}, by sbatch and squeue", first_line(sbatch.out));
    }
    if (const auto task = own_slurm_task()) {
        finding.says += fmt::format("; this is a part of job {}", task->job);
        finding.data["job"] = task->job;
    }
    return finding;
}

Finding look_at_git() {
    const Answer git = ask_program({"git", "--version"});
    Finding finding{.name = "git", .data = {{"here", git.found}, {"version", ""}}};
    if (!git.found) {
        finding.says = "not here: runs do not note the revision of their experiment's file; nothing else needs it";
    } else if (!git.fault.empty()) {
        finding.status = Finding::Status::warning;
        finding.says =
            fmt::format("git --version: {}; runs do not note the revision of their experiment's file", git.fault);
        finding.remedy = "install git again; nothing else needs it";
    } else {
        finding.says = first_line(git.out);
        finding.data["version"] = first_line(git.out);
    }
    return finding;
}

Finding environment() {
    std::vector<std::string> set;
    Json data = Json::object();
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        const std::string text = *variable;
        const std::size_t end = text.find('=');
        if (end == std::string::npos || !is_variable_that_matters(text.substr(0, end))) continue;
        set.push_back(printable(one_line(text)));
        data[printable(text.substr(0, end))] = printable(text.substr(end + 1));
    }
    std::ranges::sort(set);
    return {.name = "environment",
            .says = set.empty() ? "none of the variables that matter is set" : join(set, "  "),
            .data = {{"variables", data}}};
}

std::string os_release() {
    for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
        std::ostringstream text;
        if (std::ifstream file(path); file) text << file.rdbuf();
        if (!text.str().empty()) return text.str();
    }
    return "";
}

/// What a file gives that has NAME=value lines as a shell reads them.
std::string value_in(const std::string& text, const std::string& name) {
    for (const std::string& line : split(text, '\n')) {
        if (!line.starts_with(name + "=")) continue;
        std::string value = line.substr(name.size() + 1);
        std::erase_if(value, [](char c) { return c == '"' || c == '\'' || c == '\r'; });
        return value;
    }
    return "";
}

}  // namespace

std::string distribution_in(const std::string& text) {
    const std::string pretty = value_in(text, "PRETTY_NAME");
    if (!pretty.empty()) return pretty;
    const std::string version = value_in(text, "VERSION_ID");
    return value_in(text, "NAME") + (version.empty() ? "" : " " + version);
}

bool is_variable_that_matters(const std::string& name) {
    constexpr std::array<std::string_view, 6> names{"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "OMP_NUM_THREADS",
                                                    "MKL_NUM_THREADS",      "LD_LIBRARY_PATH",   "LD_PRELOAD"};
    constexpr std::array<std::string_view, 4> secret{"TOKEN", "SECRET", "PASS",
                                                     "KEY"};  // the text is for others to read
    if (std::ranges::any_of(secret, [&](std::string_view word) { return name.find(word) != std::string::npos; }))
        return false;
    return std::ranges::find(names, name) != names.end() || name.starts_with("LABHOST_") ||
           name.starts_with("OPENBLAS_");
}

Findings look_at_tools() { return {look_at_slurm(), look_at_git(), environment()}; }

Findings look_at_versions() {
    utsname system{};
    const bool known = ::uname(&system) == 0;
    const std::string kernel = known ? fmt::format("{} {}", system.sysname, system.release) : "an unknown kernel";
    std::string distribution = distribution_in(os_release());
    if (distribution.empty()) distribution = "a distribution without /etc/os-release";
    const std::string libc = fmt::format("glibc {}", gnu_get_libc_version());
    const std::string compiler = fmt::format("{} {}",
#if defined(__clang__)
                                             "Clang",
#else
                                             "GCC",
#endif
                                             __VERSION__);
    const std::string boost =
        fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
    const std::string fmt_version =
        fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
    const std::string toml = fmt::format("{}.{}.{}", TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH);
    const std::string json =
        fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH);
    const std::string openssl = OpenSSL_version(OPENSSL_VERSION);
    return {{.name = "labhost",
             .says = fmt::format("{}, built with {} for LibTorch {}+{}", host_stamp().field("sdk"), compiler,
                                 host_stamp().field("torch"), host_stamp().field("build")),
             .data = {{"version", host_stamp().field("sdk")}, {"compiler", compiler}, {"stamp", host_stamp().text()}}},
            {.name = "system",
             .says = fmt::format("{}, {}, {}", distribution, kernel, libc),
             .data = {{"distribution", distribution}, {"kernel", kernel}, {"libc", libc}}},
            {.name = "libraries",
             .says = fmt::format("Boost {}, fmt {}, toml++ {}, nlohmann-json {}, {}, zlib {}", boost, fmt_version, toml,
                                 json, openssl, zlibVersion()),
             .data = {{"boost", boost},
                      {"fmt", fmt_version},
                      {"tomlplusplus", toml},
                      {"nlohmann_json", json},
                      {"openssl", openssl},
                      {"zlib", zlibVersion()}}}};
}

}  // namespace labhost
