// The machine: its name, its processor, and what this process may use of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace labhost {

/// Cores this process may run on: its affinity mask and its cgroup's quota; at least 1.
int usable_cores();

/// Bytes of memory: the machine's, or what the cgroup allows if that is less; 0 if it cannot be told.
std::uint64_t usable_memory();

/// Bytes of private memory (what RLIMIT_DATA counts) that a process holds; 0 if it is gone.
std::uint64_t data_memory_of(int process);

/// The name of this host.
std::string host_name();

/// The processor's name, as Linux tells it; "" where it does not, as on ARM.
std::string processor_name();

/// From the text of /proc/cpuinfo.
std::string processor_in(const std::string& cpuinfo);

/// The widest vectors that this processor computes with and we have kernels for: "avx512", "avx2" (with FMA), or
/// "none".
std::string_view instruction_set();

}  // namespace labhost
