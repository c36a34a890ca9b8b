// Files and hashes.
#include <gtest/gtest.h>

#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/process.hpp"

namespace labhost::files_test {
namespace {

using testing::expect_error;

TEST(Files, AtomicWriteReplacesAndLeavesNothingBeside) {
    const testing::TemporaryFolder folder;
    const auto file = folder.write("f", "old");
    write_file_atomically(file, std::string("new\0bytes", 9));
    EXPECT_EQ(read_file(file), std::string("new\0bytes", 9));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Files, AFailedAtomicWriteNamesThePathAndKeepsTheOld) {
    expect_error(ExitCode::run_failed, "/no/such/f", [] { write_file_atomically("/no/such/f", "x"); });
    expect_error(ExitCode::run_failed, "/dev/full: error: cannot write: No space left on device; make space",
                 [] { AppendFile("/dev/full").append("x"); });
}

TEST(Files, FoldersThatCannotBeMadeAreRefused) {
    const testing::TemporaryFolder folder;
    const auto file = folder.write("f", "");
    expect_error(ExitCode::usage, "cannot make this folder", [&] { make_writable_folder(file); });
    expect_error(ExitCode::usage, "cannot make this folder", [&] { make_writable_folder(file / "below"); });
    expect_error(ExitCode::usage, "/proc/labhost: error: cannot make this folder",
                 [] { make_writable_folder("/proc/labhost"); });
}

TEST(Hash, IsSha256) {  // FIPS 180-2, appendix B.1
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Process, GivesOutputAndExitCode) {
    const ProcessResult result = run_process({"sh", "-c", "echo out; echo $WORD >&2; pwd; exit 3"},
                                             {.folder = "/", .environment = {{"WORD", "err"}}});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.out, "out\n/\n");
    EXPECT_EQ(result.err, "err\n");
    EXPECT_EQ(run_process({"sh", "-c", "kill -9 $$"}).exit_code, 137);
    expect_error(ExitCode::run_failed, "no such program", [] { run_process({"no-such-program"}); });
}

}  // namespace
}  // namespace labhost::files_test
