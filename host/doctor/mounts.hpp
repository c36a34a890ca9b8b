// File systems: which one a path lies on, by the kernel's table of mounts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace labhost {

struct Mount {
    std::string point{};    ///< "/home"
    std::string type{};     ///< "ext4", "nfs4", "fuse.sshfs"
    std::string source{};   ///< "/dev/sda1", "server:/export"
    std::string options{};  ///< of the mount and of the file system, by commas

    bool has_option(const std::string& option) const;
};

/// The mount that an absolute path without links lies on, from the text of /proc/self/mountinfo: that with the longest
/// point, and of those laid over another the last. Nothing if the text names none.
std::optional<Mount> mount_of(const std::string& mountinfo, const std::string& path);

/// The type's name by statfs's f_type, for where there is no table; "type 0x1234" for one that is not known.
std::string type_by_magic(std::uint64_t magic);

/// Whether other machines see the same files: NFS, Lustre and their like.
bool is_network_type(const std::string& type);

/// Whether its files are gone after a restart.
bool is_memory_type(const std::string& type);

}  // namespace labhost
