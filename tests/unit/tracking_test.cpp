// How submitted runs stand: what their folders hold and what Slurm's queue says, together.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "cluster/tracking.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"
#include "record/run_folder.hpp"
#include "support/files.hpp"

namespace labhost::tracking_test {
namespace {

using testing::expect_error;

/// A submission of one-run tasks, all of job 50, in a runs folder, and a squeue that says what the test wrote.
class Tracking : public ::testing::Test {
protected:
    Tracking() : path_(std::getenv("PATH")) {
        const auto squeue = folder_.write("bin/squeue", "#!/bin/sh\ncat \"" + (folder_ / "queue").native() + "\"\n");
        std::filesystem::permissions(squeue, std::filesystem::perms::owner_all);
        ::setenv("PATH", ((folder_ / "bin").native() + ":" + path_).c_str(), 1);
        queue("");
    }
    ~Tracking() override { ::setenv("PATH", path_.c_str(), 1); }
    Tracking(const Tracking&) = delete;
    Tracking& operator=(const Tracking&) = delete;
    Tracking(Tracking&&) = delete;
    Tracking& operator=(Tracking&&) = delete;

    void queue(const std::string& lines) { folder_.write("queue", lines); }

    void submit(const std::vector<std::string>& ids, const std::vector<std::string>& finished = {},
                const std::string& submission = "e-1", const std::string& job = "50") {
        const auto list = [](const std::vector<std::string>& of) {
            Json runs = Json::array();
            for (const std::string& id : of)
                runs.push_back(
                    {{"id", id}, {"model", "net"}, {"seed", 1}, {"fingerprint", fingerprint(id)}, {"device", "cpu"}});
            return runs;
        };
        const std::string place = "runs/.submit/" + submission + "/";
        folder_.write(
            place + "plan.json",
            to_text({{"schema", 1},
                     {"id", submission},
                     {"experiment", "e"},
                     {"file", "e.toml"},
                     {"command", ""},
                     {"git", ""},
                     {"overrides",
                      {{"set", Json::array()}, {"seeds", Json::array()}, {"timeout", nullptr}, {"folder", "/"}}},
                     {"runs_folder", runs().native()},
                     {"data_folder", "/data"},
                     {"pack", 1},
                     {"max_requeues", 3},
                     {"cpus_per_task", 1},
                     {"allow_insecure_plugins", false},
                     {"runs", list(ids)},
                     {"finished", list(finished)}}));
        folder_.write(place + "jobs.json", to_text({{"jobs", {{{"job", job}, {"first", 0}, {"tasks", ids.size()}}}}}));
    }

    /// Its folder, begun and not over.
    std::filesystem::path begin(const std::string& id) {
        const auto folder = labhost::run_folder(runs(), "e", id, fingerprint(id));
        RunFolder(folder).begin({{"experiment", "e"},
                                 {"id", id},
                                 {"model", "net"},
                                 {"params", Json::object()},
                                 {"trainer", Json::object()},
                                 {"data", Json::object()},
                                 {"seed", 1},
                                 {"fingerprint", fingerprint(id)}});
        return folder;
    }

    void end(const std::string& id, bool well, const std::string& task) {
        const auto folder = begin(id);
        ::setenv("SLURM_JOB_ID", "1", 1);
        ::setenv("SLURM_ARRAY_JOB_ID", task.substr(0, task.find('_')).c_str(), 1);
        ::setenv("SLURM_ARRAY_TASK_ID", task.substr(task.find('_') + 1).c_str(), 1);
        RunFolder(folder).close({.finished = well,
                                 .reason = well ? "" : "it diverged",
                                 .final = EpochMetrics{.epoch = 1, .train = {}, .test = {}},
                                 .seconds = 1,
                                 .fingerprint = fingerprint(id)},
                                "");
        for (const char* name : {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID"}) ::unsetenv(name);
    }

    static std::string fingerprint(const std::string& id) { return "0123456789" + id; }
    std::filesystem::path runs() const { return folder_ / "runs"; }

    std::pair<RunRecord, std::string> only() {
        const SubmittedRecords records = submitted_records(runs(), "e");
        EXPECT_EQ(records.runs.size(), 1U);
        return {records.runs.at(0), records.logs.at(0)};
    }

    const testing::TemporaryFolder folder_;

private:
    std::string path_;
};

TEST_F(Tracking, WhatSlurmHasIsQueuedInItsWords) {
    submit({"a"});
    queue("50|[0]|PENDING|Resources|name\n");
    EXPECT_EQ(status_text(only().first), "pending");
    EXPECT_EQ(only().first.reason, "Resources");
    EXPECT_EQ(standing_of(only().first), Standing::queued);
    const auto folder = begin("a");
    RunFolder(folder).write_checkpoint("state");
    queue("50|0|RUNNING|None|name\n");
    EXPECT_EQ(status_text(only().first), "running");
    EXPECT_EQ(only().first.reason, "");
    EXPECT_EQ(standing_of(only().first), Standing::queued);
}

TEST_F(Tracking, WhatSlurmHasNoMoreAndLeftNoResultIsLost) {
    submit({"a"});
    EXPECT_EQ(status_text(only().first), "lost");
    EXPECT_EQ(standing_of(only().first), Standing::lost);
    const auto folder = begin("a");
    EXPECT_EQ(status_text(only().first), "unfinished");
    EXPECT_EQ(standing_of(only().first), Standing::lost);
    RunFolder(folder).write_checkpoint("state");
    EXPECT_EQ(status_text(only().first), "resumable");
    EXPECT_EQ(standing_of(only().first), Standing::lost);
}

TEST_F(Tracking, AResultCountsWhateverSlurmSaysOfItsTask) {
    submit({"a", "b"});
    queue("50|0|RUNNING|None|name\n50|1|COMPLETING|None|name\n");
    end("a", true, "50_0");
    end("b", false, "50_1");
    const SubmittedRecords records = submitted_records(runs(), "e");
    EXPECT_EQ(records.counts_text(), "2 runs: 1 failed, 1 finished");
    EXPECT_TRUE(std::ranges::all_of(records.runs, [](auto& run) { return standing_of(run) == Standing::over; }));
    EXPECT_EQ(records.runs.at(1).reason, "it diverged");
    EXPECT_TRUE(queued_fingerprints(runs(), "e", Adopted::only_seen).contains(fingerprint("a")));
    EXPECT_FALSE(queued_fingerprints(runs(), "e", Adopted::only_seen).contains(fingerprint("b")))
        << "it failed: submit hands it over again, though others of its task go on";
}

TEST_F(Tracking, WhatFailedInAnEarlierSubmissionAndIsQueuedAgainIsNotOver) {
    submit({"a"}, {}, "e-1", "40");
    submit({"a"}, {}, "e-2", "50");
    end("a", false, "40_0");
    EXPECT_EQ(status_text(only().first), "failed") << "Slurm has no task of it";
    queue("50|0|PENDING|Priority|name\n");
    EXPECT_EQ(status_text(only().first), "pending");
    EXPECT_EQ(only().first.reason, "Priority");
    EXPECT_EQ(standing_of(only().first), Standing::queued);
    EXPECT_NE(only().first.status, RunState::failed);
    EXPECT_TRUE(queued_fingerprints(runs(), "e", Adopted::only_seen).contains(fingerprint("a")));
}

TEST_F(Tracking, TheLastSubmissionOfEachIdCountsInTheOrderOfTheFirst) {
    submit({"b", "a"}, {}, "e-1", "40");
    submit({"a"}, {"b", "c"}, "e-2", "50");
    end("b", true, "40_0");
    end("c", true, "30_0");
    queue("50|0|RUNNING|None|name\n");
    const SubmittedRecords records = submitted_records(runs(), "e");
    std::vector<std::string> texts;
    for (const RunRecord& run : records.runs) texts.push_back(run.id + " " + status_text(run));
    EXPECT_EQ(texts, (std::vector<std::string>{"b finished", "a running", "c finished"}));
}

TEST_F(Tracking, ALogIsThatOfTheTaskInWhichTheRunEnded) {
    submit({"a"}, {}, "e-1", "40");
    submit({"a"}, {}, "e-2", "50");
    const auto earlier = folder_.write("runs/.submit/e-1/log/40_0.txt", "");
    const auto later = folder_.write("runs/.submit/e-2/log/50_0.txt", "");
    EXPECT_EQ(only().second, later);
    end("a", false, "40_0");
    EXPECT_EQ(only().second, earlier);
}

TEST_F(Tracking, NothingSubmittedIsRefusedAndASilentSlurmToo) {
    expect_error(ExitCode::usage, "nothing of e was submitted", [&] { submitted_records(runs(), "e"); });
    submit({"a"});
    folder_.write("bin/squeue", "#!/bin/sh\necho no controller >&2\nexit 1\n");
    expect_error(ExitCode::run_failed, "no controller", [&] { submitted_records(runs(), "e"); });
}

TEST_F(Tracking, AWaitEndsWithTheLastResult) {
    submit({"a", "b"});
    end("a", true, "50_0");
    end("b", false, "50_1");
    EXPECT_EQ(wait_for_submitted(runs(), "e").counts_text(), "2 runs: 1 failed, 1 finished");
}

TEST_F(Tracking, AnExperimentWhoseFileIsGoneIsKnownByItsSubmission) {
    submit({"a"});
    expect_error(ExitCode::usage, "", [&] { submitted_name("/other.toml", {}, runs()); });
    EXPECT_EQ(submitted_name("/e.toml", {}, runs()), "e");
}

}  // namespace
}  // namespace labhost::tracking_test
