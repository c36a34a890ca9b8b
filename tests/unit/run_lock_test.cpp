// Claims on runs: what keeps other processes out, until when, and who is said to hold it. Only another process sees a
// lock, so one side of each test is a child.
#include "record/run_lock.hpp"

#include <chrono>
#include <csignal>
#include <functional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "helpers/temporary_folder.hpp"
#include "support/child.hpp"
#include "support/error.hpp"
#include "support/file_descriptor.hpp"
#include "support/files.hpp"
#include "support/slurm_task.hpp"

namespace labhost::run_lock_test {
namespace {

namespace fs = std::filesystem;

class RunLock : public ::testing::Test {
protected:
    /// Has a child do this, and calls `meanwhile` once it says so; then the child is killed.
    static void in_child(const std::function<void(const Outbox&)>& body, const std::function<void()>& meanwhile) {
        struct Done {};
        EXPECT_THROW(run_in_child(body, {.limit = std::chrono::seconds(60),
                                         .on_message =
                                             [&](std::string_view) {
                                                 meanwhile();
                                                 throw Done();
                                             }}),
                     Done);
    }
    void while_held(const std::function<void(RunLocks&)>& hold, const std::function<void()>& meanwhile) {
        in_child(
            [&](const Outbox& outbox) {
                RunLocks locks(folder_.path());
                hold(locks);
                outbox.send("held");
                ::pause();
            },
            meanwhile);
    }
    bool can_claim(const fs::path& run) { return RunLocks(folder_.path()).claim(run); }
    bool can_claim_alone(const fs::path& run) { return RunLocks(folder_.path()).claim_alone(run); }

    testing::TemporaryFolder folder_;
    const fs::path run_ = folder_ / "net-s1-0123abcd";
    const fs::path other_ = folder_ / "net-s2-0123abcd";
};

TEST_F(RunLock, AClaimKeepsOtherProcessesOutAndEndsWithItsOwn) {
    while_held([&](RunLocks& locks) { EXPECT_TRUE(locks.claim(run_)); },
               [&] {
                   EXPECT_TRUE(is_claimed(run_));
                   EXPECT_FALSE(is_claimed(other_));
                   EXPECT_FALSE(can_claim(run_));
                   EXPECT_FALSE(can_claim_alone(run_));
                   EXPECT_TRUE(can_claim(other_)) << "each run has a place of its own";
               });
    EXPECT_FALSE(is_claimed(run_));
    EXPECT_TRUE(can_claim(run_)) << "the child was killed";
}

TEST_F(RunLock, AClaimIsOfTheFoldersName) {
    while_held([&](RunLocks& locks) { EXPECT_TRUE(locks.claim(folder_ / "elsewhere" / run_.filename())); },
               [&] { EXPECT_FALSE(can_claim(run_)); });
}

TEST_F(RunLock, AReleasedClaimIsFreeAndItsNoteGone) {
    while_held(
        [&](RunLocks& locks) {
            locks.claim(run_);
            locks.claim(other_);
            locks.release(run_);
        },
        [&] {
            EXPECT_FALSE(file_exists(run_ / "claim.json"));
            EXPECT_TRUE(file_exists(other_ / "claim.json"));
            EXPECT_TRUE(can_claim(run_));
            EXPECT_FALSE(can_claim(other_));
        });
}

/// A supervisor that has died may leave a worker that still writes.
TEST_F(RunLock, AWorkersFolderMayBeClaimedButNotRemoved) {
    while_held([&](RunLocks& locks) { locks.enter(run_); },
               [&] {
                   EXPECT_TRUE(is_claimed(run_));
                   EXPECT_TRUE(can_claim(run_));
                   EXPECT_FALSE(can_claim_alone(run_));
                   EXPECT_TRUE(can_claim_alone(other_));
               });
    EXPECT_TRUE(can_claim_alone(run_));
}

TEST_F(RunLock, AClaimAloneKeepsWorkersOut) {
    while_held([&](RunLocks& locks) { EXPECT_TRUE(locks.claim_alone(run_)); },
               [&] {
                   EXPECT_FALSE(can_claim(run_));
                   EXPECT_FALSE(file_exists(run_ / "claim.json")) << "what is to be removed gets no note";
               });
}

TEST_F(RunLock, AWorkerWaitsForTheOneBeforeIt) {
    in_child(
        [&](const Outbox& outbox) {
            RunLocks locks(folder_.path());
            locks.claim(run_);  // which keeps no worker out
            locks.enter(run_);
            outbox.send("entered");
            ::usleep(300'000);
            folder_.write("written", "by the one before");
            locks.leave(run_);
            ::pause();
        },
        [&] {
            RunLocks locks(folder_.path());
            locks.enter(other_);
            struct sigaction interrupted {};
            struct sigaction before {};
            interrupted.sa_handler = [](int) {};
            ::sigaction(SIGALRM, &interrupted, &before);
            ::ualarm(20'000, 20'000);  // signals end no waiting
            locks.enter(run_);
            ::ualarm(0, 0);
            ::sigaction(SIGALRM, &before, nullptr);
            EXPECT_TRUE(file_exists(folder_ / "written"));
            EXPECT_FALSE(locks.claim(run_)) << "only the worker has left";
        });
}

/// Each waits for the other: the kernel tells whoever comes second.
TEST_F(RunLock, AWaitThatWouldNeverEndIsAnErrorOfStorage) {
    RunLocks locks(folder_.path());
    locks.enter(other_);
    std::string error;
    in_child(
        [&](const Outbox& outbox) {
            RunLocks locks_of_child(folder_.path());
            locks_of_child.enter(run_);
            outbox.send("entered");
            try {
                locks_of_child.enter(other_);
            } catch (const StorageError& e) {
                folder_.write("said", e.what());
            }
        },
        [&] {
            try {
                locks.enter(run_);
                error = read_file(folder_ / "said");
            } catch (const StorageError& e) {
                error = e.what();
            }
        });
    EXPECT_EQ(error, (folder_ / ".lock").native() + ": error: cannot lock this file: Resource deadlock avoided");
}

/// Another version of labhost on the same runs folder must find the same bytes.
TEST_F(RunLock, AClaimIsAtAPlaceThatDoesNotChange) {
    const auto held = [&] {
        const FileDescriptor file(::open((folder_ / ".lock").c_str(), O_RDWR | O_CLOEXEC));
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        EXPECT_EQ(::fcntl(file.get(), F_GETLK, &lock), 0);
        return lock.l_type == F_UNLCK ? std::pair<off_t, off_t>{} : std::pair{lock.l_start, lock.l_len};
    };
    constexpr off_t place = 1259105100831921286;  // 2 * 0x8bc9eb586fc0a43, of the name's SHA-256
    while_held([&](RunLocks& locks) { locks.claim(run_); },
               [&] {
                   EXPECT_EQ(held(), (std::pair<off_t, off_t>{place, 1}));
               });
    while_held([&](RunLocks& locks) { locks.enter(run_); },
               [&] {
                   EXPECT_EQ(held(), (std::pair<off_t, off_t>{place + 1, 1}));
               });
    while_held([&](RunLocks& locks) { locks.claim_alone(run_); },
               [&] {
                   EXPECT_EQ(held(), (std::pair<off_t, off_t>{place, 2}));
               });
}

TEST_F(RunLock, WhatCannotBeMadeIsAnErrorOfStorage) {
    const fs::path file = folder_.write("file", "");
    try {
        const RunLocks locks(file / "e");
        ADD_FAILURE() << "no error";
    } catch (const StorageError& e) {
        EXPECT_EQ(e.what(), (file / "e/.lock").native() + ": error: cannot write: Not a directory");
    }
}

TEST_F(RunLock, MakesItsFolderAndNeedsNoRunFolder) {
    RunLocks locks(folder_ / "made/e");
    EXPECT_TRUE(file_exists(folder_ / "made/e/.lock"));
    EXPECT_TRUE(locks.claim(folder_ / "made/e/run"));
    EXPECT_TRUE(file_exists(folder_ / "made/e/run/claim.json"));
    EXPECT_TRUE(locks.claim(folder_.write("made/e/file", ""))) << "a note that cannot be written fails no run";
    EXPECT_FALSE(is_claimed(folder_ / "no/such/run"));
}

TEST_F(RunLock, ANoteIsALineOfJson) {
    RunLocks locks(folder_.path());
    EXPECT_TRUE(locks.claim(run_));
    EXPECT_EQ(read_file(run_ / "claim.json"), fmt::format("{{\"host\":\"{}\",\"pid\":{}}}\n", node_name(), ::getpid()));
}

TEST_F(RunLock, TheHolderIsSaidAsFarAsTheNoteIsWhole) {
    const auto holder = [&](const std::string& note) {
        folder_.write("run/claim.json", note);
        return holder_of(folder_ / "run");
    };
    EXPECT_EQ(holder_of(folder_ / "none"), "another process");
    EXPECT_EQ(holder(R"({"pid": 7})"), "another process");
    EXPECT_EQ(holder(R"({"host": "n0"})"), "another process on n0");
    EXPECT_EQ(holder(R"({"host": "n0", "pid": "7"})"), "another process on n0");
    EXPECT_EQ(holder(R"({"host": "n0", "pid": 7})"), "process 7 on n0");
    EXPECT_EQ(holder(R"({"host": "n0", "pid": 7, "slurm": {}})"), "process 7 on n0");
    EXPECT_EQ(holder(R"({"host": "n0", "pid": 7, "slurm": {"job": "7_3"}})"), "job 7_3 on node n0");
    EXPECT_EQ(holder(R"({"host": "n0", "slurm": {"job": "7_3", "restarts": 0}})"), "job 7_3 on node n0");
    EXPECT_EQ(holder(R"({"host": "n0", "slurm": {"job": "7_3", "restarts": "1"}})"), "job 7_3 on node n0");
    EXPECT_EQ(holder(R"({"host": "n0", "slurm": {"job": "7_3", "restarts": 1}})"), "job 7_3, restart 1, on node n0");
    EXPECT_EQ(holder("{\"host\": \"a\\u001bb\", \"pid\": 7}").find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace labhost::run_lock_test
