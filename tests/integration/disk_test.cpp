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

}  // namespace
}  // namespace labhost
