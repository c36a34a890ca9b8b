// What may be removed from runs folders: checkpoints of finished runs, and runs that no experiment asks for any more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sweep/plan.hpp"

namespace labhost {

struct Garbage {
    std::filesystem::path path{};  ///< a file, or a run's whole folder
    std::filesystem::path run{};   ///< the run's folder
    std::string fingerprint{};     ///< the run's
    std::string why{};
    std::uintmax_t bytes = 0;
};

struct FoundGarbage {
    std::vector<Garbage> items{};
    std::vector<std::string> notes{};  ///< a line for each thing that was kept and might surprise
};

/// Looks through `folders` (see find_records; links are not followed). `experiments`: files whose plans say which runs
/// of their experiments are asked for; else the file that a run's record names says it, and where that cannot be read
/// as a plan, the run is kept. Runs that are being trained are kept. Throws Error where a folder or one of
/// `experiments` is wrong.
FoundGarbage find_garbage(const std::vector<std::filesystem::path>& folders,
                          const std::vector<std::filesystem::path>& experiments, const Paths& places);

/// Removes it, unless its run is being trained, or is finished no more; false then. Throws StorageError.
bool remove_garbage(const Garbage& item);

}  // namespace labhost
