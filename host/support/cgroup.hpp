// What the control groups that this process is in let it use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace labhost {

struct CgroupLimits {
    double cores = 0.0;        ///< cores' worth of time; 0: no limit
    std::uint64_t memory = 0;  ///< bytes; 0: no limit
};

/// The narrowest limits on the way from the process's groups, as the text of /proc/self/cgroup names them, up to the
/// root; cgroup v2, v1 and both side by side. In a container only the root may be there, and it is the container's own
/// group.
CgroupLimits cgroup_limits(const std::string& groups, const std::filesystem::path& root);

/// Of this process.
CgroupLimits cgroup_limits();

}  // namespace labhost
