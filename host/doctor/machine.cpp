#include "doctor/machine.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "plugin/stamp.hpp"
#include "support/cgroup.hpp"
#include "support/machine.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;

/// Files of /proc have no size; a file that is not there is empty.
std::string text_of_file(const char* path) {
    std::ostringstream text;
    if (std::ifstream file(path); file) text << file.rdbuf();
    return text.str();
}

Finding look_at_processor() {
    utsname system{};
    const std::string architecture = ::uname(&system) == 0 ? system.machine : "";
    const std::string model = processor_name();
    const std::string vectors(instruction_set());
    return {.name = "processor",
            .says = fmt::format("{}, {}; {}", model.empty() ? "of unknown name" : model, architecture,
                                vectors == "none"
                                    ? std::string("labhost has no kernels for its vectors, and uses plain ones")
                                    : fmt::format("labhost's kernels for {}", vectors)),
            .data = {{"model", model}, {"architecture", architecture}, {"instruction_set", vectors}}};
}

Cores cores_here() {
    cpu_set_t set;
    CPU_ZERO(&set);
    Cores cores{.online = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)),
                .quota = cgroup_limits().cores,
                .used = usable_cores()};
    cores.affine = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : cores.online;
    return cores;
}

Memory memory_here() {
    const std::string meminfo = text_of_file("/proc/meminfo");
    Memory memory{.total = memory_in(meminfo, "MemTotal"),
                  .available = memory_in(meminfo, "MemAvailable"),
                  .limit = cgroup_limits().memory};
    if (memory.total == 0)
        memory.total =
            static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return memory;
}

std::uint64_t soft_limit(__rlimit_resource resource) {
    rlimit limit{};
    return ::getrlimit(resource, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

Limits limits_here() {
    return {.files = soft_limit(RLIMIT_NOFILE),
            .processes = soft_limit(RLIMIT_NPROC),
            .data = soft_limit(RLIMIT_DATA),
            .address_space = soft_limit(RLIMIT_AS),
            .stack = soft_limit(RLIMIT_STACK),
            .file_size = soft_limit(RLIMIT_FSIZE),
            .core = soft_limit(RLIMIT_CORE),
            .root = ::geteuid() == 0,
            .cuda = host_stamp().field("build").starts_with("cu")};
}

std::string count_text(std::uint64_t limit) { return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit); }
std::string bytes_text(std::uint64_t limit) { return limit == RLIM_INFINITY ? "unlimited" : size_text(limit); }
Json limit_json(std::uint64_t limit) { return limit == RLIM_INFINITY ? Json() : Json(limit); }

}  // namespace

std::uint64_t memory_in(const std::string& meminfo, const std::string& key) {
    for (const std::string& line : split(meminfo, '\n')) {
        std::uint64_t kib = 0;
        if (line.starts_with(key + ":") && std::istringstream(line.substr(key.size() + 1)) >> kib) return kib * 1024;
    }
    return 0;
}

Finding judge_cores(const Cores& cores) {
    Finding finding{.name = "cores",
                    .says = fmt::format("{} used by --jobs auto: {} online, {} allowed by the affinity mask, {}",
                                        cores.used, cores.online, cores.affine,
                                        cores.quota > 0.0 ? fmt::format("{:.3g} by the cgroup's quota", cores.quota)
                                                          : "no cgroup quota found"),
                    .data = {{"usable", cores.used},
                             {"online", cores.online},
                             {"affinity", cores.affine},
                             {"quota", cores.quota > 0.0 ? Json(cores.quota) : Json()}}};
    if (cores.quota > 0.0 && cores.quota < 0.95) {
        finding.status = Finding::Status::warning;
        finding.says += "; less than one core, so that every run is stopped now and then";
        finding.remedy = "ask for a whole core (docker --cpus, Slurm --cpus-per-task, Kubernetes limits.cpu)";
    }
    return finding;
}

Finding judge_memory(const Memory& memory) {
    Finding finding{
        .name = "memory",
        .says = fmt::format("{}{}, {}", size_text(memory.total),
                            memory.available > 0 ? fmt::format(", {} available", size_text(memory.available)) : "",
                            memory.limit > 0 && memory.limit < memory.total
                                ? fmt::format("limited to {} by the cgroup", size_text(memory.limit))
                                : "no lower cgroup limit found"),
        .data = {{"total", memory.total},
                 {"available", memory.available > 0 ? Json(memory.available) : Json()},
                 {"limit", memory.limit > 0 ? Json(memory.limit) : Json()}}};
    const std::uint64_t usable = memory.limit > 0 ? std::min(memory.total, memory.limit) : memory.total;
    if (usable < gibibyte || (memory.available > 0 && memory.available < gibibyte)) {
        finding.status = Finding::Status::warning;
        finding.says += "; a run takes some 500 MiB, and more with large batches";
        finding.remedy = "train few runs at once (--jobs 1), or free or ask for more memory";
    }
    return finding;
}

Finding judge_limits(const Limits& limits) {
    Finding finding{.name = "limits",
                    .says = fmt::format(
                        "open files {}, processes {}, data {}, address space {}, stack {}, file size {}, core files {}",
                        count_text(limits.files), count_text(limits.processes), bytes_text(limits.data),
                        bytes_text(limits.address_space), bytes_text(limits.stack), bytes_text(limits.file_size),
                        limits.core == 0 ? "off" : bytes_text(limits.core)),
                    .data = {{"nofile", limit_json(limits.files)},
                             {"nproc", limit_json(limits.processes)},
                             {"data", limit_json(limits.data)},
                             {"as", limit_json(limits.address_space)},
                             {"stack", limit_json(limits.stack)},
                             {"fsize", limit_json(limits.file_size)},
                             {"core", limit_json(limits.core)}}};
    std::vector<std::string> low;
    std::vector<std::string> remedies;
    const auto check = [&](std::uint64_t limit, std::uint64_t least, std::string_view what, const char* option,
                           const std::string& raise) {
        if (limit >= least) return;
        low.emplace_back(what);
        remedies.push_back(fmt::format("ulimit -{} {}", option, raise));
    };
    const std::uint64_t address_space = (limits.cuda ? 64 : 4) * gibibyte;  // CUDA maps a GPU's memory and more
    check(limits.files, 256, "open files are few for several runs at once", "n", "1024");
    if (!limits.root) check(limits.processes, 256, "processes are few: workers and their threads count", "u", "4096");
    check(limits.data, 2 * gibibyte, "data is little for LibTorch and a batch", "d", "unlimited");
    check(limits.address_space, address_space, "address space is little for LibTorch", "v", "unlimited");
    check(limits.stack, mebibyte, "the stack is small for LibTorch", "s", "8192");
    check(limits.file_size, 64 * mebibyte, "file size is little for checkpoints and weights", "f", "unlimited");
    if (low.empty()) return finding;
    finding.status = Finding::Status::warning;
    finding.says += fmt::format("; {}", join(low, ", "));
    finding.remedy = fmt::format("raise them before labhost starts: {}", join(remedies, "; "));
    return finding;
}

Findings look_at_machine() {
    Findings findings{look_at_processor(), judge_cores(cores_here()), judge_memory(memory_here()),
                      judge_limits(limits_here())};
    if (::access("/proc/self/exe", F_OK) != 0)
        findings.push_back({.name = "/proc",
                            .status = Finding::Status::failure,
                            .says = "/proc/self/exe is not there, by which labhost finds its own files",
                            .remedy = "mount it: mount -t proc proc /proc"});
    return findings;
}

}  // namespace labhost
