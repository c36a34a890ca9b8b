// A checkpoint's file. It knows the parts' names, which run and GPU they are of, its format and a digest; what a part
// holds, only the part knows (Stateful).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pickle.hpp"
#include "engine/state.hpp"

namespace labhost {

/// Raised where a part is no longer what its name says. Earlier formats are read (checkpoint_v1.hpp).
constexpr std::int64_t checkpoint_format = 2;

/// The state of a run at a moment.
struct Checkpoint {
    NamedTensors state{};       ///< of its parts, "loader.position"; on the CPU, and no longer theirs
    std::string gpu{};          ///< what was said of the GPU that it was made on; "" for a CPU's
    std::string fingerprint{};  ///< of the run
};

/// Parts by their names, which stay: "optimizer".
struct NamedPart {
    std::string_view name;
    Stateful* part;
};

/// What the parts save now.
NamedTensors state_of(const std::vector<NamedPart>& parts);

/// The file's content, which torch.load reads too: the state, and without a dot in their names "format", "gpu" unless
/// it is "", "fingerprint", and "digest", the SHA-256 of names, shapes, types and bytes of all others (LibTorch's zip
/// reader checks no CRC).
std::string pack_checkpoint(const Checkpoint& checkpoint);

/// Reads one of this or an earlier format, as if it were of this one. Throws Error (usage), naming the file and what is
/// wrong with it: damaged, another run's, or of a format to come.
Checkpoint read_checkpoint(const std::filesystem::path& file, const std::string& fingerprint);

}  // namespace labhost
