// Processor, cores, memory, limits: what this machine lets a process use.
#pragma once

#include <cstdint>
#include <string>

#include "doctor/finding.hpp"

namespace labhost {

Findings look_at_machine();

/// Bytes of a line of /proc/meminfo's text: "MemAvailable"; 0 if it is not there.
std::uint64_t memory_in(const std::string& meminfo, const std::string& key);

struct Cores {
    int online = 0;      ///< the machine's
    int affine = 0;      ///< that the affinity mask allows
    double quota = 0.0;  ///< the cgroup's; 0: none
    int used = 0;        ///< that labhost goes by
};
Finding judge_cores(const Cores& cores);

struct Memory {
    std::uint64_t total = 0;
    std::uint64_t available = 0;  ///< 0: not known
    std::uint64_t limit = 0;      ///< the cgroup's; 0: none
};
Finding judge_memory(const Memory& memory);

/// Soft limits of this process (RLIM_INFINITY: none), and for whom.
struct Limits {
    std::uint64_t files = 0;
    std::uint64_t processes = 0;
    std::uint64_t data = 0;           ///< bytes
    std::uint64_t address_space = 0;  ///< bytes
    std::uint64_t stack = 0;          ///< bytes
    std::uint64_t file_size = 0;      ///< bytes
    std::uint64_t core = 0;           ///< bytes
    bool root = false;                ///< the limit of processes does not count
    bool cuda = false;                ///< LibTorch has CUDA, which takes much more address space
};
Finding judge_limits(const Limits& limits);

}  // namespace labhost
