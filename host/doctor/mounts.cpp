#include "doctor/mounts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

namespace {

/// Spaces, tabs, line breaks and backslashes of a path stand there as \040 and the like.
std::string unescaped(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const char* const digits = text.data() + i + 1;
        if (text[i] == '\\' && i + 3 < text.size() && std::from_chars(digits, digits + 3, byte, 8).ptr == digits + 3) {
            plain += static_cast<char>(byte);
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

bool lies_below(const std::string& path, const std::string& point) {
    return point == "/" || path == point || path.starts_with(point + "/");
}

}  // namespace

bool Mount::has_option(const std::string& option) const {
    const auto all = split(options, ',');
    return std::ranges::find(all, option) != all.end();
}

std::optional<Mount> mount_of(const std::string& mountinfo, const std::string& path) {
    std::optional<Mount> found;
    for (const std::string& line : split(mountinfo, '\n')) {
        // "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue", see proc(5)
        const auto words = split(line, ' ');
        const auto dash = std::ranges::find(words, "-");
        if (words.size() < 6 || words.end() - dash < 3) continue;
        Mount mount{.point = unescaped(words[4]), .type = dash[1], .source = unescaped(dash[2]), .options = words[5]};
        if (words.end() - dash > 3) mount.options += "," + dash[3];
        if (lies_below(path, mount.point) && (!found || mount.point.size() >= found->point.size()))
            found = std::move(mount);
    }
    return found;
}

std::string type_by_magic(std::uint64_t magic) {
    // Numbers of the kernel's linux/magic.h, and of statfs(2).
    constexpr std::array<std::pair<std::uint64_t, const char*>, 28> types{
        {{0xEF53, "ext4"},       {0x58465342, "xfs"},      {0x9123683E, "btrfs"},    {0x01021994, "tmpfs"},
         {0x858458F6, "ramfs"},  {0x794C7630, "overlay"},  {0x2FC12FC1, "zfs"},      {0xCA451A4E, "bcachefs"},
         {0xF2F52010, "f2fs"},   {0x6969, "nfs"},          {0xFF534D42, "cifs"},     {0xFE534D42, "smb3"},
         {0x517B, "smbfs"},      {0x65735546, "fuse"},     {0x0BD00BD0, "lustre"},   {0x47504653, "gpfs"},
         {0x19830326, "beegfs"}, {0x00C36400, "ceph"},     {0x01021997, "9p"},       {0x5346414F, "afs"},
         {0x6B414653, "afs"},    {0xAAD7AAEA, "panfs"},    {0x20030528, "orangefs"}, {0x7461636F, "ocfs2"},
         {0x01161970, "gfs2"},   {0x73717368, "squashfs"}, {0x4D44, "vfat"},         {0x2011BAB0, "exfat"}}};
    const auto* const found = std::ranges::find(types, magic, &std::pair<std::uint64_t, const char*>::first);
    return found == types.end() ? fmt::format("type {:#x}", magic) : found->second;
}

bool is_network_type(const std::string& type) {
    constexpr std::array<std::string_view, 19> network{
        "nfs", "nfs4",  "cifs",   "smb3",     "smbfs", "lustre", "gpfs",     "beegfs", "ceph",     "9p",
        "afs", "panfs", "wekafs", "orangefs", "pvfs2", "ocfs2",  "virtiofs", "gfs2",   "glusterfs"};
    constexpr std::array<std::string_view, 6> fuse{"fuse.sshfs", "fuse.glusterfs", "fuse.ceph",
                                                   "fuse.s3fs",  "fuse.rclone",    "fuse.juicefs"};
    return std::ranges::find(network, type) != network.end() || std::ranges::find(fuse, type) != fuse.end();
}

bool is_memory_type(const std::string& type) { return type == "tmpfs" || type == "ramfs"; }

}  // namespace labhost
