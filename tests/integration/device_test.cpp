// Which device, on a machine with signs of a GPU: those are made up, in a mount namespace of the test's own.
#include <cstdlib>

#include "plugin/stamp.hpp"
#include "program.hpp"
#include "support/text.hpp"
#include "train/gpu_words.hpp"

namespace labhost::testing {
namespace {

const std::string one_run = "[[run]]\nmodel = \"net\"\n";

class GpuSigns : public ProgramTest {
protected:
    void SetUp() override {
        if (!sign_of_gpu().empty()) GTEST_SKIP() << "there is a real one, " << sign_of_gpu();
        if (in_own_world("true").exit_code != 0)
            GTEST_SKIP() << "unshare: no mount namespace can be made here; root, or a container that allows it, can";
    }

    /// Runs a shell's `command` where /dev has the device file of NVIDIA's driver.
    ProcessResult in_own_world(const std::string& command, std::map<std::string, std::string> environment = {}) {
        environment.emplace("LABHOST_DATA", data_folder(std::nullopt).native());
        environment.emplace("XDG_CACHE_HOME", (folder_ / "cache").native());
        const std::string make_sign =
            "mkdir dev && mount --bind /dev dev && mount -t tmpfs none /dev && "
            "for file in null zero full random urandom; do touch /dev/$file && mount --bind dev/$file /dev/$file; done "
            "&& "
            "touch /dev/nvidiactl && ";
        std::filesystem::remove_all(folder_ / "dev");  // of a call before; nothing is mounted there any more
        return run_process({"unshare", "-m", "sh", "-c", make_sign + command},
                           {.folder = folder_.path(), .environment = std::move(environment)});
    }

    ProcessResult labhost_there(const std::vector<std::string>& arguments,
                                const std::map<std::string, std::string>& environment = {}) {
        std::string command = shell_quoted(LABHOST_PROGRAM);
        for (const std::string& argument : arguments) command.append(" ").append(shell_quoted(argument));
        return in_own_world(command, environment);
    }

    /// An experiment whose device is not chosen.
    std::string on_auto() {
        return folder_
            .write(
                "auto.toml",
                "[data]\ndataset = \"mnist\"\ntrain_limit = 128\ntest_limit = 100\n[trainer]\nepochs = 1\n" + one_run)
            .native();
    }

    static std::size_t count(const std::string& text, const std::string& words) {
        std::size_t found = 0;
        for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
        return found;
    }

    const std::string said_ = "labhost: the GPU here is not used: ";
    const bool cpu_build_ = host_stamp().field("build") == "cpu";
};

TEST_F(GpuSigns, AutoIsTheCpuAndOneLineSaysWhy) {
    const std::string file = on_auto();
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"plan", file, "--seeds", "1,2"}, {"run", file, "--seeds", "1,2", "--json"}}) {
        const ProcessResult result = labhost_there(command);
        ASSERT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(count(result.err, said_), 1U) << result.err;
        EXPECT_NE(result.err.find(
                      cpu_build_
                          ? "this labhost's LibTorch is a CPU build, and a GPU is here (/dev/nvidiactl); build labhost "
                            "with a LibTorch for CUDA (make TORCH=pip)"
                          : "(LibTorch's words: Found no NVIDIA driver on your system."),
                  std::string::npos)
            << result.err;
        EXPECT_EQ(result.out.find("GPU"), std::string::npos) << "standard output is for results";
        if (command.back() == "--json") {
            EXPECT_EQ(nlohmann::json::parse(result.out).at("runs").size(), 2U);
        }
    }
}

TEST_F(GpuSigns, NothingIsSaidWhereItWasNotLookedFor) {
    EXPECT_EQ(count(labhost({"plan", on_auto()}).err, said_), 0U) << "no sign of a GPU";
    EXPECT_EQ(count(labhost_there({"plan", experiment(one_run)}).err, said_), 0U) << "the CPU was asked for";
    EXPECT_EQ(count(labhost_there({"run", on_auto(), "--quiet"}).err, said_), 0U);
}

TEST_F(GpuSigns, AGpuThatWasAskedForIsRefusedWithTheReason) {
    const ProcessResult result = labhost_there({"plan", on_auto(), "--device", "cuda"});
    expect_refusal(result, 4, "device 'cuda' was asked for, but the GPU here cannot be used: ");
    expect_refusal(result, 4, cpu_build_ ? "is a CPU build" : "Found no NVIDIA driver");
}

TEST_F(GpuSigns, AHiddenGpuIsSaidToBeHidden) {
    if (cpu_build_) GTEST_SKIP() << "a CPU build uses none, hidden or not";
    const ProcessResult result = labhost_there({"plan", on_auto()}, {{"CUDA_VISIBLE_DEVICES", "-1"}});
    EXPECT_NE(result.err.find("CUDA_VISIBLE_DEVICES is '-1', which hides all GPUs"), std::string::npos) << result.err;
}

class OtherLibTorch : public ProgramTest {};

TEST_F(OtherLibTorch, IsRefusedBeforeAnythingIsComputedWithIt) {
    const ProcessResult result = labhost({"run", experiment(one_run)}, {{"LD_PRELOAD", LABHOST_OTHER_TORCH_LIBRARY}});
    expect_refusal(result, 4,
                   std::string(LABHOST_OTHER_TORCH_LIBRARY) +
                       ": error: this is LibTorch 9.1.2 for CUDA 99.0, and labhost was built with ");
}

}  // namespace
}  // namespace labhost::testing
