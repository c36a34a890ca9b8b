// Mistakes in an experiment: one clear message with its place, exit code 2, and nothing trained.
#include "program.hpp"

namespace labhost {
namespace {

using BadInput = testing::ProgramTest;

TEST_F(BadInput, UnknownKey) {
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"net\"\nparms = {}\n")}), 2,
                   "e.toml:11:1: error: unknown key 'parms' in run; did you mean 'params'?");
}

TEST_F(BadInput, WrongType) {
    expect_refusal(labhost({experiment("batch_size = \"64\"\n[[run]]\nmodel = \"net\"\n")}), 2,
                   "e.toml:9:14: error: trainer.batch_size must be an integer, not a string");
}

TEST_F(BadInput, DropoutOutOfRange) {
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"net2\"\nparams = { p = 1.5 }\n")}), 2,
                   "e.toml:11:16: error: params.p = 1.5 of plugin 'net2' must be a number in 0..1");
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"net2\"\ngrid = { \"params.p\" = [0.5, -0.1] }\n")}), 2,
                   "e.toml:11:29: error: params.p = -0.1 of plugin 'net2' must be a number in 0..1");
}

TEST_F(BadInput, UnknownParameter) {
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"net2\"\nparams = { q = 0.5 }\n")}), 2,
                   "e.toml:11:16: error: plugin 'net2' has no parameter 'q'; did you mean 'p'? (it has p)");
}

TEST_F(BadInput, UnknownPlugin) {
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"nett\"\n")}), 2,
                   "e.toml:10:1: error: unknown plugin 'nett'; did you mean 'net'? (there are net, net1, net2, net3, "
                   "net4, net5; looked in ");
}

TEST_F(BadInput, NothingRunsIfALaterRunIsWrong) {
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net9\"\n")}), 2,
                   "unknown plugin 'net9'");
    EXPECT_FALSE(std::filesystem::exists(folder_ / "runs" / "e"));
}

TEST_F(BadInput, UnwritableRunsFolder) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    expect_refusal(labhost({file, "--runs", "/proc/labhost-runs"}), 2,
                   "/proc/labhost-runs: error: cannot make this folder");
    folder_.write("taken", "a file");
    expect_refusal(labhost({file, "--runs", "taken"}), 2, "taken: error: cannot make this folder");
    expect_refusal(labhost({file, "--runs", "taken/below"}), 2, "choose another with --runs");
}

TEST_F(BadInput, InitFromThatIsMissingOrDoesNotFit) {
    const std::string file = experiment("[[run]]\nmodel = \"net\"\n");
    expect_refusal(labhost({file, "--set", "trainer.init_from=\"no.pt\""}), 2,
                   "--set trainer.init_from=\"no.pt\": error: " + (folder_ / "no.pt").native() +
                       ": error: cannot read: No such file");
    folder_.write("text.pt", "not a state_dict");
    expect_refusal(labhost({file, "--set", "trainer.init_from=\"text.pt\""}), 2,
                   "text.pt: error: cannot be read as a file of torch.save");
    ASSERT_EQ(labhost({experiment("[[run]]\nmodel = \"net4\"\n", "other.toml"), "--runs", "elsewhere"}).exit_code, 0);
    std::filesystem::path other;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "elsewhere"))
        if (entry.path().filename() == "model.pt") other = entry.path();
    ASSERT_FALSE(other.empty());
    expect_refusal(labhost({file, "--set", "trainer.init_from=\"" + other.native() + "\""}), 2,
                   "does not fit plugin 'net': the model has no tensor 'conv1_bn.weight'");
}

}  // namespace
}  // namespace labhost
