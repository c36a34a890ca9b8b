// A disk that fills, or becomes read-only, while runs are written: a clear message, exit code 1, no run that looks
// finished, and nothing lost.
#include "program.hpp"

namespace labhost {
namespace {

class FullDisk : public testing::ProgramTest {
protected:
    /// Runs a shell script in a mount namespace of its own, so that nothing stays mounted whatever happens.
    ProcessResult in_namespace(const std::string& script) {
        return run_process({"unshare", "--mount", "--map-root-user", "sh", "-c", script}, {.folder = folder_.path()});
    }

    static bool cannot_mount(const ProcessResult& result) {
        return result.exit_code == 99 || result.err.find("unshare failed") != std::string::npos;
    }

    std::string sweep_of_two(const std::string& jobs = "2") {
        return std::string(LABHOST_PROGRAM) + " " +
               experiment("[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net4\"\n") + " --jobs " + jobs +
               " --set trainer.epochs=3";
    }

    /// A script that exits with 95 if a run's weights differ from those of the command undisturbed.
    static std::string compare_with_undisturbed(const std::string& command) {
        return command +
               " --runs undisturbed > /dev/null || exit 97; for m in undisturbed/e/*/model.pt; do "
               "cmp $m runs/${m#undisturbed/} || exit 95; done";
    }

    /// Trains with runs/ on a file system of this size. One run at a time: what one of two has just written, if only to
    /// remove it again, may leave the other no space for a line of metrics.
    void expect_no_space(const std::string& size, const std::string& file) {
        const ProcessResult result =
            in_namespace("mkdir runs; mount -t tmpfs -o size=" + size + " tmpfs runs || exit 99; " + sweep_of_two("1") +
                         "; code=$?; find runs -name result.json; exit $code");
        if (cannot_mount(result)) GTEST_SKIP() << "this machine lets no one mount a tmpfs: " << result.err;
        EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
        EXPECT_NE(result.err.find(file), std::string::npos) << result.err;
        EXPECT_NE(result.err.find(
                      "cannot write: No space left on device; make space on that disk and run the same command again"),
                  std::string::npos)
            << result.err;
        EXPECT_EQ(result.out.find("result.json"), std::string::npos) << "a run looks finished: " << result.out;
    }
};

using ReadOnlyFolder = FullDisk;

TEST_F(FullDisk, WhileACheckpointIsWritten) { expect_no_space("1m", "checkpoint.pt"); }
TEST_F(FullDisk, WhileTheRunIsBegun) { expect_no_space("8k", "runs/e/net"); }

/// Something else fills the disk once both runs have a checkpoint, and is removed again.
TEST_F(FullDisk, OnceThereIsSpaceTheSameCommandEndsWithTheSameBits) {
    const std::string command = sweep_of_two() + " --set trainer.epochs=30 --set trainer.checkpoint_every=0.01";
    const ProcessResult result = in_namespace(
        "mkdir runs; mount -t tmpfs -o size=100m tmpfs runs || exit 99; (until ls runs/e/net-*/checkpoint.pt "
        "runs/e/net4-*/checkpoint.pt; do sleep 0.02; done; cat /dev/zero > runs/filler) > /dev/null 2>&1 & " +
        command + "; echo first gave $?; wait; rm runs/filler; " + command + " || exit 96; " +
        compare_with_undisturbed(command));
    if (cannot_mount(result)) GTEST_SKIP() << "this machine lets no one mount a tmpfs: " << result.err;
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_NE(result.out.find("first gave 1"), std::string::npos) << result.out << result.err;
    EXPECT_NE(result.err.find("cannot write: No space left on device"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("goes on from epoch"), std::string::npos) << result.err;
}

/// The folder becomes read-only while both runs train, and writable again. A read-only mount laid over it does that at
/// once, whatever files are open, and to root too.
TEST_F(ReadOnlyFolder, OnceItIsWritableTheSameCommandEndsWithTheSameBits) {
    const std::string command = sweep_of_two() + " --set trainer.epochs=30 --set trainer.checkpoint_every=0.01";
    const ProcessResult result = in_namespace(
        "mkdir runs locked; mount --bind runs locked && mount -o remount,bind,ro locked || exit 99; (until ls "
        "runs/e/net-*/checkpoint.pt runs/e/net4-*/checkpoint.pt; do sleep 0.02; done; mount --bind locked runs) "
        "> /dev/null 2>&1 & " +
        command + "; echo read-only gave $?; wait; umount runs; " + command + " || exit 96; " +
        compare_with_undisturbed(command));
    if (cannot_mount(result)) GTEST_SKIP() << "this machine lets no one mount: " << result.err;
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_NE(result.out.find("read-only gave 1"), std::string::npos) << result.out << result.err;
    EXPECT_NE(result.err.find("cannot write: Read-only file system"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("goes on from epoch"), std::string::npos) << result.err;
}

/// Needs no mount: the kernel refuses to let a file grow beyond the limit.
TEST_F(FullDisk, OrAFileThatMayNotGrow) {
    const ProcessResult result =
        run_process({"sh", "-c", "ulimit -f 500; exec " LABHOST_PROGRAM " " + experiment("[[run]]\nmodel = \"net\"\n")},
                    {.folder = folder_.path()});
    expect_refusal(result, 1, "checkpoint.pt: error: cannot write: File too large");
    EXPECT_FALSE(std::filesystem::exists(run_folder("e", "net-s1") / "result.json"));
}

TEST_F(FullDisk, StandardErrorThatCannotBeWrittenChangesNothing) {
    const std::string command = std::string(LABHOST_PROGRAM) + " " + experiment("[[run]]\nmodel = \"net\"\n");
    for (const char* redirection : {" 2>/dev/full", " 2>&-"}) {
        EXPECT_EQ(run_process({"sh", "-c", command + " --force" + redirection}, {.folder = folder_.path()}).exit_code,
                  0)
            << redirection;
        const std::string metrics = read_file(run_folder("e", "net-s1") / "metrics.jsonl");
        EXPECT_TRUE(metrics.starts_with("{") && std::ranges::count(metrics, '\n') == 1) << metrics;
    }
}

TEST_F(FullDisk, ResultsThatCannotBePrintedAreAnError) {
    const std::string command =
        std::string(LABHOST_PROGRAM) + " plan " + experiment("[[run]]\nmodel = \"net\"\n") + " --json > /dev/full";
    const ProcessResult result = run_process({"sh", "-c", command}, {.folder = folder_.path()});
    expect_refusal(result, 1, "standard output could not be written");
}

}  // namespace
}  // namespace labhost
