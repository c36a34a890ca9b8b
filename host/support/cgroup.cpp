#include "support/cgroup.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// The first word of a file, or "".
std::string first_word(const fs::path& path) {
    std::string word;
    std::ifstream(path) >> word;
    return word;
}

void take_cores(CgroupLimits& limits, double quota, double period) {
    if (quota <= 0.0 || period <= 0.0) return;  // v1 says -1 for no limit
    const double cores = quota / period;
    limits.cores = limits.cores > 0.0 ? std::min(limits.cores, cores) : cores;
}

void take_memory(CgroupLimits& limits, const std::string& word) {
    // v2 says "max" for no limit, v1 a number near 2^63.
    const auto bytes = parse_count(word, 999'999'999'999'999'999);
    if (bytes) limits.memory = limits.memory > 0 ? std::min(limits.memory, *bytes) : *bytes;
}

void take_folder(CgroupLimits& limits, const fs::path& folder) {
    double quota = 0.0;
    double period = 0.0;
    if (std::ifstream(folder / "cpu.max") >> quota >> period) take_cores(limits, quota, period);  // reading "max" fails
    quota = period = 0.0;
    std::ifstream(folder / "cpu.cfs_quota_us") >> quota;
    std::ifstream(folder / "cpu.cfs_period_us") >> period;
    take_cores(limits, quota, period);
    take_memory(limits, first_word(folder / "memory.max"));
    take_memory(limits, first_word(folder / "memory.limit_in_bytes"));
}

/// The folder of `group` below `root`, and those above it.
void take_way_up(CgroupLimits& limits, const fs::path& root, const std::string& group) {
    fs::path folder = root;
    std::error_code ignored;
    if (!fs::is_directory(root, ignored)) return;
    take_folder(limits, folder);
    for (const std::string& name : split(group, '/')) {
        if (name == "..") return;  // a group outside this namespace
        folder /= name;
        take_folder(limits, folder);
    }
}

}  // namespace

CgroupLimits cgroup_limits(const std::string& groups, const fs::path& root) {
    CgroupLimits limits;
    take_folder(limits, root);
    for (const char* controller : {"cpu", "memory"}) take_way_up(limits, root / controller, "");
    for (const std::string& line : split(groups, '\n')) {  // "0::/user.slice", "4:cpu,cpuacct:/job_3"
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string group = line.substr(second + 1);
        if (second == first + 1) {
            take_way_up(limits, root, group);
            take_way_up(limits, root / "unified", group);
        }
        for (const std::string& controller : split(line.substr(first + 1, second - first - 1), ','))
            if (controller == "cpu" || controller == "memory") take_way_up(limits, root / controller, group);
    }
    return limits;
}

CgroupLimits cgroup_limits() {
    std::ostringstream groups;
    if (std::ifstream file("/proc/self/cgroup"); file) groups << file.rdbuf();
    return cgroup_limits(groups.str(), "/sys/fs/cgroup");
}

}  // namespace labhost
