#include "doctor/nvidia_smi.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>

#include "doctor/ask.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds users_limit{5};
constexpr std::size_t basic_fields = 4;
constexpr std::size_t all_fields = 9;

/// The values of a line; the last is all that is left, for a name may have a comma in it.
std::vector<std::string> values_of(std::string_view line, std::size_t count) {
    std::vector<std::string> values;
    while (values.size() + 1 < count) {
        const std::size_t comma = line.find(',');
        if (comma == std::string_view::npos) return {};
        values.push_back(trimmed(line.substr(0, comma)));
        line.remove_prefix(comma + 1);
    }
    values.push_back(trimmed(line));
    return values;
}

/// A value that is told: "[N/A]", "[Not Supported]" and "N/A" are none.
std::string told(const std::string& value) { return value.starts_with("[") || value == "N/A" ? "" : value; }

std::uint64_t number(const std::string& value) {
    std::uint64_t result = 0;
    std::from_chars(value.data(), value.data() + value.size(), result);
    return result;
}

/// "GPU 0: NVIDIA H100 (UUID: GPU-8f1a...)"; a line of a MIG device below it is none.
bool parse_listed(const std::string& line, ListedGpu& gpu) {
    const std::size_t colon = line.find(": ");
    if (!line.starts_with("GPU ") || colon == std::string::npos) return false;
    const std::size_t bracket = line.rfind(" (UUID: ");
    gpu.name = line.substr(colon + 2, bracket == std::string::npos ? bracket : bracket - colon - 2);
    if (bracket != std::string::npos) gpu.uuid = line.substr(bracket + 8, line.find(')', bracket) - bracket - 8);
    return true;
}

/// "No devices were found", "NVIDIA-SMI has failed because ...", "Unable to determine the device handle for ...": some
/// versions end with 0 all the same.
bool is_complaint(const std::string& line) {
    return line.starts_with("No devices") || line.starts_with("NVIDIA-SMI") || line.starts_with("Failed") ||
           line.starts_with("Error") || line.starts_with("Unable to");
}

/// Who runs the process of this number here, if it is the one that nvidia-smi means: in a container its numbers may be
/// those of another world.
std::string user_of(const GpuProcess& process) {
    const std::string folder = fmt::format("/proc/{}", process.id);
    std::string name;
    std::getline(std::ifstream(folder + "/comm"), name);
    std::error_code ignored;
    const std::string executable = fs::read_symlink(folder + "/exe", ignored).filename().native();
    const std::string program = fs::path(process.program.substr(0, process.program.find(' '))).filename().native();
    constexpr std::size_t kept_of_name = 15;  // by the kernel
    const bool same = !program.empty() && (program == executable || program.substr(0, kept_of_name) == name);
    struct stat status {};
    if (!same || ::stat(folder.c_str(), &status) != 0) return "";
    const passwd* entry = ::getpwuid(status.st_uid);
    return entry != nullptr ? entry->pw_name : std::to_string(status.st_uid);
}

/// In a child: names of users may come from a server that does not answer.
void add_users(std::vector<GpuProcess>& processes) {
    const Findings users = look_in_child({.name = "", .limit = users_limit}, [&](const Tell& tell) {
        for (const GpuProcess& process : processes)
            tell({.name = std::to_string(process.id), .says = user_of(process)});
    });
    for (GpuProcess& process : processes)
        for (const Finding& user : users)
            if (user.name == std::to_string(process.id)) process.user = user.says;
}

std::vector<std::string> query(const std::string& what) {
    return {"nvidia-smi", what, "--format=csv,noheader,nounits"};
}

}  // namespace

std::string gpu_fields(bool all) {
    return all ? "uuid,driver_version,memory.total,memory.used,utilization.gpu,mig.mode.current,compute_mode,compute_"
                 "cap,name"
               : "uuid,driver_version,memory.total,name";
}

std::vector<ListedGpu> parse_gpus(const std::string& lines, bool all) {
    std::vector<ListedGpu> gpus;
    for (const std::string& raw : split(lines, '\n')) {
        const std::string line = trimmed(raw);
        ListedGpu gpu;
        const auto values = values_of(line, all ? all_fields : basic_fields);
        if (line.empty() || line.starts_with("MIG ") || is_complaint(line)) continue;
        if (!parse_listed(line, gpu)) {
            if (values.empty()) {
                gpu.name = line;
            } else {
                gpu = {.name = values.back(),
                       .uuid = told(values[0]),
                       .driver = told(values[1]),
                       .memory = number(values[2]) * mebibyte};
                if (all) {
                    gpu.memory_used = number(values[3]) * mebibyte;
                    gpu.utilization = told(values[4]).empty() ? -1 : static_cast<int>(number(values[4]));
                    gpu.mig = told(values[5]);
                    gpu.compute_mode = told(values[6]);
                    gpu.capability = told(values[7]);
                }
            }
        }
        gpus.push_back(std::move(gpu));
    }
    return gpus;
}

std::vector<GpuProcess> parse_processes(const std::string& lines) {
    std::vector<GpuProcess> processes;
    constexpr std::size_t fields = 4;
    for (const std::string& line : split(lines, '\n')) {
        const auto values = values_of(line, fields);
        if (values.empty() || number(values[1]) == 0) continue;
        processes.push_back({.uuid = values[0],
                             .id = static_cast<int>(number(values[1])),
                             .memory = number(values[2]) * mebibyte,
                             .program = values[3]});
    }
    return processes;
}

NvidiaSmi ask_nvidia_smi() {
    NvidiaSmi smi;
    bool all = true;
    Answer answer = ask_program(query("--query-gpu=" + gpu_fields(all)));
    smi.found = answer.found;
    if (!answer.found) return smi;
    if (!answer.fault.empty() && !answer.hung && answer.fault.find("valid field") != std::string::npos) {  // an old one
        all = false;
        answer = ask_program(query("--query-gpu=" + gpu_fields(all)));
    }
    if (!answer.hung && (!answer.fault.empty() || trimmed(answer.out).empty())) {
        const Answer list = ask_program({"nvidia-smi", "-L"});
        if (list.fault.empty() || list.hung) answer = list;
    }
    smi.fault = answer.fault;
    smi.hung = answer.hung;
    if (!smi.fault.empty()) return smi;
    smi.gpus = parse_gpus(answer.out, all);
    if (smi.gpus.empty()) {
        smi.fault = trimmed(answer.out).empty() ? "it prints nothing"
                                                : fmt::format("it says: {}", printable(one_line(trimmed(answer.out))));
        return smi;
    }
    const Answer users = ask_program(query(fmt::format("--query-compute-apps={}", process_fields)));
    if (users.fault.empty()) smi.processes = parse_processes(users.out);
    add_users(smi.processes);
    return smi;
}

}  // namespace labhost
