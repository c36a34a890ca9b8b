// A disk that fills while a run is written: a clear message, exit code 1, and no run that looks finished.
#include <sys/mount.h>

#include "program.hpp"

namespace labhost {
namespace {

class FullDisk : public testing::ProgramTest {
protected:
    /// Trains with runs/ on a file system of this size.
    ProcessResult train_on(const std::string& size) {
        const auto runs = folder_ / "runs";
        std::filesystem::create_directory(runs);
        // In a namespace of its own, so that nothing stays mounted whatever happens.
        const std::string script = "mount -t tmpfs -o size=" + size + " tmpfs runs || exit 99; " LABHOST_PROGRAM " " +
                                   experiment("[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net4\"\n") +
                                   " ; code=$?; find runs -name result.json; exit $code";
        return run_process({"unshare", "--mount", "--map-root-user", "sh", "-c", script}, {.folder = folder_.path()});
    }

    void expect_no_space(const std::string& size, const std::string& file) {
        const ProcessResult result = train_on(size);
        if (result.exit_code == 99 || result.err.find("unshare failed") != std::string::npos)
            GTEST_SKIP() << "this machine lets no one mount a tmpfs: " << result.err;
        EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
        EXPECT_NE(result.err.find(file), std::string::npos) << result.err;
        EXPECT_NE(result.err.find(
                      "cannot write: No space left on device; make space on that disk and run the same command again"),
                  std::string::npos)
            << result.err;
        EXPECT_EQ(result.out.find("result.json"), std::string::npos) << "a run looks finished: " << result.out;
    }
};

TEST_F(FullDisk, WhileTheWeightsAreWritten) { expect_no_space("1m", "model.pt"); }
TEST_F(FullDisk, WhileTheRunIsBegun) { expect_no_space("4k", "net-s1-"); }

/// Needs no mount: the kernel refuses to let a file grow beyond the limit.
TEST_F(FullDisk, OrAFileThatMayNotGrow) {
    const ProcessResult result =
        run_process({"sh", "-c", "ulimit -f 500; exec " LABHOST_PROGRAM " " + experiment("[[run]]\nmodel = \"net\"\n")},
                    {.folder = folder_.path()});
    expect_refusal(result, 1, "model.pt: error: cannot write: File too large");
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
