#include "support/machine.hpp"

#include <sched.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <string>

#include <fmt/format.h>

namespace labhost {

namespace {

/// The first word of a file, or "".
std::string first_word(const std::string& path) {
    std::string word;
    std::ifstream(path) >> word;
    return word;
}

/// Cores' worth of time that cgroup v2 allows; 0 if it sets no limit.
double cgroup_cores() {
    double quota = 0.0;
    double period = 0.0;
    std::ifstream file("/sys/fs/cgroup/cpu.max");  // "max 100000" where there is no limit: reading "max" fails
    return file >> quota >> period && period > 0.0 ? quota / period : 0.0;
}

}  // namespace

int usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (const double quota = cgroup_cores(); quota > 0.0) cores = std::min(cores, static_cast<int>(quota + 0.5));
    return std::max(1, cores);
}

std::uint64_t usable_memory() {
    auto bytes = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        const std::string word = first_word(path);
        if (word.empty() || word.size() > 18 || word.find_first_not_of("0123456789") != std::string::npos) continue;
        bytes = std::min<std::uint64_t>(bytes, std::stoull(word));
    }
    return bytes;
}

std::uint64_t data_memory_of(int process) {
    std::ifstream file(fmt::format("/proc/{}/status", process));
    std::string key;
    for (std::uint64_t kib = 0; file >> key; file.ignore(1000, '\n'))
        if (key == "VmData:") return file >> kib ? kib * 1024 : 0;
    return 0;
}

std::string_view instruction_set() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return "avx512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
    return "none";
}

}  // namespace labhost
