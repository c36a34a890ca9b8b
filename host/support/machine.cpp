#include "support/machine.hpp"

#include <sched.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "support/cgroup.hpp"
#include "support/text.hpp"

namespace labhost {

int usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (const double quota = cgroup_limits().cores; quota > 0.0) cores = std::min(cores, static_cast<int>(quota + 0.5));
    return std::max(1, cores);
}

std::uint64_t usable_memory() {
    auto bytes =
        static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    if (const std::uint64_t limit = cgroup_limits().memory; limit > 0) bytes = std::min(bytes, limit);
    return bytes;
}

std::uint64_t data_memory_of(int process) {
    std::ifstream file(fmt::format("/proc/{}/status", process));
    std::string key;
    for (std::uint64_t kib = 0; file >> key; file.ignore(1000, '\n'))
        if (key == "VmData:") return file >> kib ? kib * 1024 : 0;
    return 0;
}

std::string host_name() {
    std::array<char, 256> name{};  // ends in a zero also where the name is cut off
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

std::string processor_name() {
    std::ostringstream text;  // files of /proc have no size
    if (std::ifstream file("/proc/cpuinfo"); file) text << file.rdbuf();
    return processor_in(text.str());
}

std::string processor_in(const std::string& cpuinfo) {
    for (const std::string& line : split(cpuinfo, '\n')) {
        if (!line.starts_with("model name")) continue;
        const std::size_t colon = line.find(':');
        if (colon != std::string::npos) return join(split(line.substr(colon + 1), ' '), " ");
    }
    return "";
}

std::string_view instruction_set() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return "avx512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
    return "none";
}

}  // namespace labhost
