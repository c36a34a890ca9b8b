#include "doctor/storage.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor/ask.hpp"
#include "doctor/mounts.hpp"
#include "doctor/trial_file.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds storage_limit{30};
constexpr std::uint64_t little_space = 256 * mebibyte;  // 4 MB a run of q4, and its checkpoints

bool is_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

std::string reason() { return std::generic_category().message(errno); }

/// "anna", or the number where the machine has no name for it.
std::string name_of_user(uid_t user) {
    const passwd* entry = ::getpwuid(user);
    return entry != nullptr ? entry->pw_name : std::to_string(user);
}

/// Something of that name is there, be it a link to nothing.
bool is_taken(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

/// The path, or its nearest parent that is there or cannot be looked at.
fs::path nearest_folder(fs::path path) {
    while (!is_taken(path) && (errno == ENOENT || errno == ENOTDIR) && path.has_relative_path())
        path = path.parent_path();
    return path;
}

/// Experiments' folders, or the lock files in them, that this user cannot write to.
std::vector<std::string> others_experiments(const fs::path& runs) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(runs, ignored)) {
        struct stat status {};
        if (!is_folder(entry.path()) || ::stat(entry.path().c_str(), &status) != 0) continue;
        const fs::path lock = entry.path() / ".lock";
        const auto cannot_write = [](const fs::path& path) {
            return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0;
        };
        if (cannot_write(entry.path()) || (is_taken(lock) && cannot_write(lock)))
            found.push_back(fmt::format("{} (of {})", entry.path().filename().native(), name_of_user(status.st_uid)));
    }
    std::ranges::sort(found);
    return found;
}

void look_at_file_system(RunsFolder& folder) {
    std::error_code error;
    const fs::path real = fs::canonical(folder.looked_at, error);
    std::ostringstream mounts;
    if (std::ifstream file("/proc/self/mountinfo"); file) mounts << file.rdbuf();
    struct statfs kind {};
    if (const auto mount = mount_of(mounts.str(), (error ? folder.looked_at : real).native())) {
        folder.type = mount->type;
        folder.source = mount->source;
        for (const char* option : {"nolock", "local_lock=all", "local_lock=posix"})
            if (is_network_type(mount->type) && mount->has_option(option)) folder.locks_kept_local = option;
    } else if (::statfs(folder.looked_at.c_str(), &kind) == 0) {
        folder.type = type_by_magic(static_cast<std::uint64_t>(kind.f_type) & 0xFFFFFFFFU);
    }
    struct statvfs space {};
    if (::statvfs(folder.looked_at.c_str(), &space) == 0) folder.free = std::uint64_t{space.f_bavail} * space.f_frsize;
    struct stat status {};
    if (::stat(folder.looked_at.c_str(), &status) == 0) {
        folder.owner = name_of_user(status.st_uid);
        folder.owned = status.st_uid == ::geteuid();
    }
    folder.by_root = ::geteuid() == 0;
}

void try_folder(RunsFolder& folder) {
    const TrialFile file(folder.looked_at);
    folder.write_fault = file.fault();
    if (!folder.write_fault.empty()) return;
    folder.lock_fault = file.try_lock();
    const auto start = std::chrono::steady_clock::now();
    folder.sync_fault = file.try_sync();
    folder.sync_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string place_text(const RunsFolder& folder) {
    if (folder.asked == folder.looked_at) return folder.asked.native();
    return fmt::format("{} is not there yet; {}", folder.asked.native(), folder.looked_at.native());
}

Finding judge_place(const RunsFolder& folder) {
    Finding finding{.name = "runs folder",
                    .says = fmt::format("{}: {}{}, {} free, owner {}{}", place_text(folder),
                                        folder.type.empty() ? "a file system of unknown type" : folder.type,
                                        is_network_type(folder.type)  ? fmt::format(" (a network's: {})", folder.source)
                                        : is_memory_type(folder.type) ? " (in memory: gone after a restart)"
                                                                      : "",
                                        size_text(folder.free), folder.owner, folder.owned ? "" : " (another user)"),
                    .data = {{"folder", folder.asked.native()},
                             {"looked_at", folder.looked_at.native()},
                             {"type", folder.type},
                             {"network", is_network_type(folder.type)},
                             {"free", folder.free},
                             {"owner", folder.owner},
                             {"writable", folder.write_fault.empty()}}};
    if (!folder.write_fault.empty()) {
        finding.status = Finding::Status::failure;
        finding.says += fmt::format("; a file cannot be written there: {}", folder.write_fault);
        finding.remedy = folder.write_fault == std::generic_category().message(ENOSPC)
                             ? "make space on that disk, or choose a folder on another with --runs DIR"
                             : "choose a folder of your own with --runs DIR, or have its rights changed";
        return finding;
    }
    std::vector<std::string> doubts;
    if (folder.free < little_space) {
        doubts.emplace_back("little space");
        finding.remedy = "make space on that disk, or choose a folder on another with --runs DIR";
    }
    if (!folder.owned && folder.by_root && folder.asked == folder.looked_at) {
        doubts.push_back(fmt::format("what root writes there, {} cannot go on with", folder.owner));
        finding.remedy = fmt::format("run labhost as {}, or choose another folder with --runs DIR", folder.owner);
    }
    if (!folder.others.empty()) {
        doubts.push_back(fmt::format("you cannot write to {}", join(folder.others)));
        finding.remedy = "have their rights changed (files and .lock), or choose a folder of your own with --runs DIR";
    }
    if (!doubts.empty()) {
        finding.status = Finding::Status::warning;
        finding.says += fmt::format("; {}", join(doubts, "; "));
    }
    return finding;
}

Finding judge_locks(const RunsFolder& folder) {
    Finding finding{.name = "locks",
                    .says = "record locks work: a second process was kept out",
                    .data = {{"work", folder.lock_fault.empty()}}};
    if (!folder.lock_fault.empty()) {
        finding.status = Finding::Status::failure;
        finding.says = folder.lock_fault;
        finding.remedy = is_network_type(folder.type)
                             ? "have the server's lock service started (NFS: rpc.statd, or NFS 4), or choose "
                               "a folder on another file system with --runs DIR"
                             : "choose a folder on another file system with --runs DIR";
    } else if (!folder.locks_kept_local.empty()) {
        finding.status = Finding::Status::warning;
        finding.says = fmt::format("record locks work on this machine only: the file system is mounted with {}",
                                   folder.locks_kept_local);
        finding.remedy = "use this folder from one machine at a time, or have it mounted with locks";
    }
    return finding;
}

Finding judge_sync(const RunsFolder& folder) {
    if (folder.sync_fault.empty())
        return {.name = "fsync",
                .says = fmt::format("works, for a file and its folder, in {:.1f} ms", folder.sync_seconds * 1000.0),
                .data = {{"work", true}, {"seconds", folder.sync_seconds}}};
    return {.name = "fsync",
            .status = Finding::Status::failure,
            .says = fmt::format("fails: {}; labhost writes no result that it cannot know to be on the disk",
                                folder.sync_fault),
            .remedy = "choose a folder on another file system with --runs DIR",
            .data = {{"work", false}}};
}

/// A relative path where the working folder has none.
Finding judge_lost_folder(const fs::path& asked) {
    return {.name = "runs folder",
            .status = Finding::Status::failure,
            .says = fmt::format("{}: lies in the working folder, which is gone", asked.native()),
            .remedy = "cd to a folder that is there, or name the runs folder by its whole path, with --runs DIR",
            .data = {{"folder", asked.native()}}};
}

void tell_of_storage(const fs::path& asked, const Tell& tell) {
    RunsFolder folder{.asked = asked, .looked_at = nearest_folder(asked)};
    struct stat status {};
    const bool seen = ::stat(folder.looked_at.c_str(), &status) == 0;
    if (!seen || !S_ISDIR(status.st_mode)) {
        tell({.name = "runs folder",
              .status = Finding::Status::failure,
              .says =
                  fmt::format("{}: {} {}", asked.native(), folder.looked_at == asked ? "it" : folder.looked_at.native(),
                              seen ? "is no folder" : fmt::format("cannot be looked at: {}", reason())),
              .remedy = "choose another with --runs DIR",
              .data = {{"folder", asked.native()}}});
        return;
    }
    look_at_file_system(folder);
    if (asked == folder.looked_at) folder.others = others_experiments(asked);
    try_folder(folder);
    for (const Finding& finding : judge_runs_folder(folder)) tell(finding);
}

}  // namespace

Findings judge_runs_folder(const RunsFolder& folder) {
    Findings findings{judge_place(folder)};
    if (folder.write_fault.empty()) {
        findings.push_back(judge_locks(folder));
        findings.push_back(judge_sync(folder));
    }
    return findings;
}

Findings look_at_working_folder() {
    std::error_code error;
    if (!fs::current_path(error).empty()) return {};
    return {{.name = "working folder",
             .status = Finding::Status::warning,
             .says = error == std::errc::no_such_file_or_directory
                         ? "is gone: it was removed; libraries (MKL) and programs may fail there, and so lines below"
                         : fmt::format("has no path: {}", error.message()),
             .remedy = "cd to a folder that is there (once more into this one, if it was made again), and ask again"}};
}

Findings look_at_runs_folder(const fs::path& folder) {
    std::error_code error;
    fs::path asked = fs::absolute(folder, error).lexically_normal();
    if (error) return {judge_lost_folder(folder)};
    if (!asked.has_filename()) asked = asked.parent_path();  // "runs/"
    return look_in_child(
        {.name = "runs folder",
         .limit = storage_limit,
         .remedy =
             "its file system does not answer: look at df, dmesg and the server, or choose another with --runs DIR"},
        [&](const Tell& tell) { tell_of_storage(asked, tell); });
}

}  // namespace labhost
