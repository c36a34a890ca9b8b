// What nvidia-smi tells of GPUs and of those who use them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace labhost {

/// A GPU as nvidia-smi lists it; what it does not tell is empty or 0.
struct ListedGpu {
    std::string name{};
    std::string uuid{};  ///< "GPU-8f1a..."
    std::string driver{};
    std::string capability{};       ///< "9.0"
    std::string mig{};              ///< "Enabled", "Disabled"
    std::string compute_mode{};     ///< "Default", "Exclusive_Process", "Prohibited"
    std::uint64_t memory = 0;       ///< bytes
    std::uint64_t memory_used = 0;  ///< bytes
    int utilization = -1;           ///< percent; -1: not told
};

struct GpuProcess {
    std::string uuid{};  ///< of the GPU
    int id = 0;
    std::uint64_t memory = 0;  ///< bytes
    std::string program{};     ///< "/usr/bin/python3", as nvidia-smi says
    std::string user{};        ///< who runs it, where /proc tells
};

struct NvidiaSmi {
    bool found = false;   ///< there is such a program
    std::string fault{};  ///< why it lists none: its words; "" if it has answered
    bool hung = false;
    std::vector<ListedGpu> gpus{};
    std::vector<GpuProcess> processes{};
};

/// Asks it; each question has ten seconds.
NvidiaSmi ask_nvidia_smi();

/// What is asked of each GPU, for --query-gpu: all, or what a driver of any age knows.
std::string gpu_fields(bool all);
/// Its answer, a line each, as comma-separated values without units; and what `nvidia-smi -L` prints. A line that is
/// neither is a GPU of that name.
std::vector<ListedGpu> parse_gpus(const std::string& lines, bool all);

constexpr const char* process_fields = "gpu_uuid,pid,used_memory,process_name";
std::vector<GpuProcess> parse_processes(const std::string& lines);

}  // namespace labhost
