// What is said to Slurm's commands, and what their answers mean.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>
#include <unistd.h>

#include "cluster/slurm.hpp"
#include "cluster/submission.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"
#include "record/run_folder.hpp"
#include "record/run_lock.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/slurm_task.hpp"

namespace labhost::slurm_test {
namespace {

using testing::expect_error;
using testing::TemporaryFolder;

/// Set for a test.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    Variable(Variable&&) = delete;
    Variable& operator=(Variable&&) = delete;

private:
    const char* name_;
};

std::vector<std::size_t> indices(const std::string& text) {
    std::vector<std::size_t> found;
    for (const auto& [task, said] : queue_from("7|" + text + "|PENDING|None|name\n").tasks)
        found.push_back(task.second);
    return found;
}

TEST(Queue, TasksPendingTogetherAreOneLine) {
    using Indices = std::vector<std::size_t>;
    EXPECT_EQ(indices("3"), (Indices{3}));
    EXPECT_EQ(indices("[5-7,9]"), (Indices{5, 6, 7, 9}));
    EXPECT_EQ(indices("[5-7,9%2]"), (Indices{5, 6, 7, 9}));
    EXPECT_EQ(indices("[0-9:4]"), (Indices{0, 4, 8}));
    EXPECT_EQ(indices("[0-20:10,21%3]"), (Indices{0, 10, 20, 21}));
    for (const char* odd : {"N/A", "x-3", "3-", "1-2:0", "-", "99999999999"}) EXPECT_EQ(indices(odd), Indices{}) << odd;
}

TEST(Queue, SaysWhyATaskIsPending) {
    const Queue queue = queue_from("12|[0-1]|PENDING|JobHeldUser|one\n13|2|RUNNING|None|two\nno line\n");
    EXPECT_EQ(queue.tasks.at({"12", 1}).state, "PENDING");
    EXPECT_EQ(queue.tasks.at({"12", 1}).reason, "JobHeldUser");
    EXPECT_EQ(queue.tasks.at({"13", 2}).reason, "");
    EXPECT_EQ(queue.names.at("13"), "two");
    EXPECT_EQ(queue.tasks.size(), 3U);
}

Submission submission_of(std::size_t runs) {
    Submission submission;
    submission.id.assign("e-20260101T000000.000000Z-7");
    submission.folder = "/runs/.submit/" + submission.id;
    submission.runs.resize(runs);
    return submission;
}

TEST(Submission, FindsAnArrayThatItsJobsLackByItsName) {
    Submission submission = submission_of(14);
    submission.jobs = {{.job = "12", .first = 0, .tasks = 10}};
    const std::string line = "|[0-3]|PENDING|None|labhost-" + submission.id;
    EXPECT_FALSE(adopt_jobs(submission, queue_from("12" + line + ".0-9\n13" + line + "1.10-13\n14" + line +
                                                   ".10-14\n15" + line + ".x\n16" + line + ".")));
    EXPECT_TRUE(adopt_jobs(submission, queue_from("17" + line + ".10-13\n")));
    ASSERT_EQ(submission.jobs.size(), 2U);
    EXPECT_EQ(submission.jobs[1].job, "17");
    EXPECT_EQ(submission.jobs[1].first, 10U);
    EXPECT_EQ(submission.jobs[1].tasks, 4U);
    EXPECT_TRUE(submission.holds_job("17_3"));
    EXPECT_FALSE(submission.holds_job("1_3"));
    EXPECT_FALSE(submission.holds_job(""));

    const auto command = sbatch_command(submission, {}, 10, 4);
    EXPECT_TRUE(std::ranges::find(command, "--job-name=labhost-" + submission.id + ".10-13") != command.end());
}

TEST(Submission, EachTextOfTheSettingsIsAnOptionOfSbatch) {
    SlurmSettings settings;
    settings.partition = "p";
    settings.account = "a";
    settings.time = "30";
    settings.mem = "4G";
    settings.qos = "low";
    const auto command = sbatch_command(submission_of(1), settings, 0, 1);
    for (const char* option : {"--partition=p", "--account=a", "--time=30", "--mem=4G", "--qos=low"})
        EXPECT_EQ(std::ranges::count(command, option), 1) << option;
    for (const std::string& word : sbatch_command(submission_of(1), {}, 0, 1)) EXPECT_FALSE(word.starts_with("--qos"));
}

TEST(Submission, APlanThatCannotBeReadIsReported) {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / ".submit/e-1");
    std::filesystem::create_directories(folder / ".submit/e-2");
    folder.write(".submit/e-1/plan.json", "{");
    ::testing::internal::CaptureStderr();
    EXPECT_TRUE(find_submissions(folder.path(), "e").empty());
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("e-1/plan.json: error: is no plan of a submission"), std::string::npos) << said;
    EXPECT_EQ(said.find("e-2"), std::string::npos) << said;  // being written
}

SlurmSettings limited_to(const std::string& time) {
    SlurmSettings settings;
    settings.time = time;
    return settings;
}

TEST(TimeLimit, IsWarnedOfWhereItLeavesHardlyAnyTime) {
    for (const char* time : {"1", "2", "2:00", "0:02:00", "0-0:1", "0:30", "3"})
        EXPECT_NE(warning_of_time_limit(limited_to(time)), "") << time;
    for (const char* time : {"", "0", "4", "3:30", "1:00:00", "1-0", "INFINITE", "UNLIMITED", "soon"})
        EXPECT_EQ(warning_of_time_limit(limited_to(time)), "") << time;
    SlurmSettings settings = limited_to("1:00:00");
    settings.sbatch.emplace_back("time", "1");  // comes last
    EXPECT_NE(warning_of_time_limit(settings), "");
}

TEST(TimeLimit, AShortOneIsToldLater) {
    const auto lead = [](const std::string& time) {
        for (const std::string& word : sbatch_command(submission_of(1), limited_to(time), 0, 1))
            if (word.starts_with("--signal=")) return word;
        return std::string();
    };
    EXPECT_EQ(lead("3"), "--signal=USR1@60");
    EXPECT_EQ(lead("3:01"), "--signal=USR1@120");
    EXPECT_EQ(lead("5"), "--signal=USR1@120");
    EXPECT_EQ(lead("1-0"), "--signal=USR1@120");
    EXPECT_EQ(lead(""), "--signal=USR1@120");
}

TEST(Process, VariablesCanBeKeptFromIt) {
    const Variable one("LABHOST_TEST_ONE", "1");
    const Variable other("LABHOST_OTHER", "2");
    const std::string seen =
        run_process({"env"}, {.environment = {{"LABHOST_TEST_NEW", "3"}}, .without = {"LABHOST_TEST_*"}}).out;
    EXPECT_EQ(seen.find("LABHOST_TEST_ONE"), std::string::npos);
    EXPECT_NE(seen.find("LABHOST_OTHER=2"), std::string::npos);
    EXPECT_NE(seen.find("LABHOST_TEST_NEW=3"), std::string::npos);
}

TEST(SlurmTask, IsThatOfTheEnvironment) {
    EXPECT_FALSE(own_slurm_task());
    const Variable plain("SLURM_JOB_ID", "9");
    EXPECT_EQ(own_slurm_task()->job, "9");
    const Variable array("SLURM_ARRAY_JOB_ID", "7");
    const Variable index("SLURM_ARRAY_TASK_ID", "3");
    EXPECT_EQ(own_slurm_task()->job, "7_3");
    EXPECT_EQ(own_slurm_task()->restarts, 0);
    const Variable restarts("SLURM_RESTART_COUNT", "2");
    EXPECT_EQ(own_slurm_task()->restarts, 2);
}

TEST(SlurmTask, AResultSaysInWhichJobTheRunEnded) {
    const TemporaryFolder folder;
    const std::filesystem::path run = folder / "run";
    record_failure(run, {{"fingerprint", "f"}}, "no GPU");
    EXPECT_EQ(read_result(run)->job, "");
    const Variable array("SLURM_ARRAY_JOB_ID", "7");
    const Variable index("SLURM_ARRAY_TASK_ID", "3");
    record_failure(run, {{"fingerprint", "f"}}, "no GPU");
    EXPECT_EQ(read_result(run)->job, "7_3");
}

TEST(Claim, SaysWhoHoldsIt) {
    const TemporaryFolder folder;
    const std::filesystem::path run = folder / "run";
    EXPECT_EQ(holder_of(run), "another process");
    RunLocks locks(folder.path());
    EXPECT_TRUE(locks.claim(run));
    EXPECT_EQ(holder_of(run), fmt::format("process {} on {}", ::getpid(), node_name()));
    locks.release(run);
    EXPECT_EQ(holder_of(run), "another process");
    const Variable array("SLURM_ARRAY_JOB_ID", "7");
    const Variable index("SLURM_ARRAY_TASK_ID", "3");
    const Variable node("SLURMD_NODENAME", "n0");
    EXPECT_TRUE(locks.claim(run));
    EXPECT_EQ(holder_of(run), "job 7_3 on node n0");
    const Variable restarts("SLURM_RESTART_COUNT", "1");
    EXPECT_TRUE(locks.claim(run));
    EXPECT_EQ(holder_of(run), "job 7_3, restart 1, on node n0");
    folder.write("run/claim.json", "[");
    EXPECT_EQ(holder_of(run), "another process");
}

}  // namespace
}  // namespace labhost::slurm_test
