// Plugins that must be refused, or that fail while they run: each with its message and exit code.
#include <sys/stat.h>

#include <cmath>

#include "program.hpp"

namespace labhost {
namespace {

class BadPlugin : public testing::ProgramTest {
protected:
    ProcessResult train(const std::string& model, const std::string& more = "") {
        return labhost({experiment("[[run]]\nmodel = \"" + model + "\"\n" + more), "--plugins", plugins_});
    }
    ProcessResult train_faulty(const std::string& fault) {
        return train("faulty", "params = { fault = \"" + fault + "\" }\n");
    }

    std::string plugins_ = LABHOST_BAD_PLUGINS;
};

TEST_F(BadPlugin, ASharedLibraryThatIsNoPlugin) {
    expect_refusal(train("no_plugin"), 4,
                   "no_plugin.so: error: this shared library is no labhost plugin: it has no labhost_abi stamp");
    expect_refusal(train("no_descriptor"), 4, "no_descriptor.so: error: this plugin has a stamp but no descriptor");
}

TEST_F(BadPlugin, AFileThatIsNoSharedLibrary) {
    plugins_ = folder_.path().native();
    folder_.write("text.so", "this is text");
    folder_.write("empty.so", "");
    expect_refusal(train("text"), 4, "text.so: error: this is not a shared library");
    expect_refusal(train("empty"), 4, "empty.so: error: this is not a shared library");
    const std::string whole = read_file(std::string(LABHOST_BUILD) + "/plugins/net.so");
    folder_.write("cut.so", whole.substr(0, whole.size() / 2));
    expect_refusal(train("cut"), 4, "cut.so: error: this shared library is truncated");
    std::string other_machine = whole;
    other_machine[18] = 2;  // e_machine: SPARC
    folder_.write("sparc.so", other_machine);
    expect_refusal(train("sparc"), 4, "sparc.so: error: this shared library is for SPARC (64 bit), this host runs on ");
    folder_.write("renamed.so", whole);
    expect_refusal(train("renamed"), 4, "it says it is 'net', but the file is called renamed.so");
}

TEST_F(BadPlugin, AFolderAPipeOrALoopOfLinks) {
    plugins_ = folder_.path().native();
    std::filesystem::create_directory(folder_ / "folder.so");
    expect_refusal(train("folder"), 4, "folder.so: error: this is no regular file");
    ASSERT_EQ(mkfifo((folder_ / "pipe.so").c_str(), 0600), 0);
    expect_refusal(train("pipe"), 4, "pipe.so: error: this is no regular file");
    std::filesystem::create_symlink("loop.so", folder_ / "loop.so");
    expect_refusal(train("loop"), 2, "unknown plugin 'loop'");
}

TEST_F(BadPlugin, ADescriptorThatCannotBeReached) {
    plugins_ = folder_.path().native();
    std::string bytes = read_file(std::string(LABHOST_BUILD) + "/plugins/net.so");
    const std::string symbol("labhost_plugin\0", 15);
    bytes.replace(bytes.find(symbol), symbol.size(), std::string("labhost_nothin\0", 15));  // as the loader sees it
    folder_.write("net.so", bytes);
    expect_refusal(train("net"), 4, "net.so: error: ");
}

TEST_F(BadPlugin, BuiltWithAnotherSdkOrLibTorch) {
    expect_refusal(train("other_sdk_major"), 4,
                   "other_sdk_major.so: error: built with labhost SDK 2.0, this host has SDK 1.1; rebuild it against "
                   "this host: cmake --fresh -B build");
    expect_refusal(train("newer_sdk_minor"), 4, "built with labhost SDK 1.999, this host has SDK 1.1");
    expect_refusal(train("other_libtorch"), 4, "built for LibTorch 9.9.9+cu999, this host has ");
}

struct Fault {
    const char* plugin;
    int exit_code;
    const char* words;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.plugin; }

/// docs/plugin-guide.md has this table too.
constexpr Fault faults[] = {
    {"wrong_magic", 4, "wrong_magic.so: error: this is not a shared library"},
    {"old_cxx11_abi", 4, "built with _GLIBCXX_USE_CXX11_ABI '0', this host with '1'; rebuild it against this host"},
    {"null_create", 4, "its create function is null"},
    {"duplicate_parameter", 4, "it declares the parameter 'p' twice"},
    {"dotted_parameter", 4, "its parameter 0 has the name 'p.q', which must be made of"},
    {"default_out_of_range", 4, "its parameter 0 'p' has the default 2, which is not a number in 0..1"},
    {"two_stamps", 4, "it has two stamps, labhost_abi$sdk_1.0$torch_"},
    {"undefined_symbol", 4, "undefined symbol: defined_nowhere"},
    {"second_libc10", 4, "it brings a second copy of libc10.so into the process"},
    {"aborts_in_static_initialiser", 4, "loading it in a child process, the child was killed by SIGABRT"},
    {"exits_in_static_initialiser", 4, "the child called exit(0); it wrote: its last words"},
    {"hangs_in_static_initialiser", 4, "loading it in a child process, the child was not done after 10 s"},
    {"throws_in_constructor", 1, "plugin 'throws_in_constructor' cannot build its model: the constructor's own words"},
    {"throws_in_forward", 1, "plugin 'throws_in_forward' failed in forward: forward's own words"},
    {"throws_non_std", 1, "plugin 'throws_non_std' failed in forward: something that is no std::exception was thrown"},
    {"wrong_shape", 1, "plugin 'wrong_shape' returned Float [64, 9] from forward, but declares float32 [64, 10]"},
    {"exits_in_forward", 1, "plugin 'exits_in_forward' called exit(3) before its first batch"},
    {"crashes_in_forward", 1,
     "plugin 'crashes_in_forward' was killed by SIGSEGV in epoch 1, after training batch 2 of 2"},
};

class FaultyPlugin : public BadPlugin, public ::testing::WithParamInterface<Fault> {};

/// The fault costs its own run, and the host goes on to the next.
TEST_P(FaultyPlugin, GivesItsMessageAndExitCode) {
    const auto& [plugin, exit_code, words] = GetParam();
    const bool ends_itself =
        std::string_view(plugin) == "exits_in_static_initialiser" || std::string_view(plugin) == "crashes_in_forward";
    if (LABHOST_SANITIZED && ends_itself) GTEST_SKIP() << "a sanitizer ends a process in its own way";
    const std::string runs = std::string("[[run]]\nmodel = \"") + plugin + "\"\n[[run]]\nmodel = \"net\"\n";
    const ProcessResult result = labhost({experiment(runs), "--plugins", plugins_});
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_NE((result.out + result.err).find(words), std::string::npos)
        << "expected: " << words << "\n     got: " << result.out << result.err;
    if (exit_code == 4) {
        expect_no_finished_run();  // refused before anything trains
    } else {
        EXPECT_TRUE(std::filesystem::exists(run_folder("e", "net-s1") / "result.json"));
    }
}

INSTANTIATE_TEST_SUITE_P(EachFault, FaultyPlugin, ::testing::ValuesIn(faults),
                         [](const auto& info) { return std::string(info.param.plugin); });

TEST_F(BadPlugin, NanIsTrainedOnAsPyTorchDoes) {
    const ProcessResult result = train("nan_output");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("nan"), std::string::npos) << result.out;
}

TEST_F(BadPlugin, AStrippedPluginIsAGoodOne) {
    plugins_ += "/stripped";
    const ProcessResult result = train("net");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const ProcessResult listed = labhost({"inspect", plugins_ + "/net.so"});
    EXPECT_EQ(listed.exit_code, 0);
    EXPECT_NE(listed.out.find("loads here"), std::string::npos) << listed.out;
}

TEST_F(BadPlugin, TwoPluginsWithTheSameSymbolKeepTheirOwn) {
    const ProcessResult result = labhost({experiment("[[run]]\nmodel = \"exports_more\"\n[[run]]\nmodel = "
                                                     "\"twin_symbol\"\n"),
                                          "--plugins", plugins_, "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const nlohmann::json document = nlohmann::json::parse(result.out);
    const auto loss = [&](int run) { return document.at("runs").at(run).at("final").at("train.loss").get<double>(); };
    constexpr double chance = 2.302585;  // ln 10: twin_symbol multiplies its logits by zero
    EXPECT_GT(std::abs(loss(0) - chance), 1e-3);
    EXPECT_NEAR(loss(1), chance, 1e-5);
}

TEST_F(BadPlugin, FailuresKeepThePluginsWordsAndCostOnlyTheirRun) {
    expect_refusal(train_faulty("constructor"), 1,
                   "plugin 'faulty' cannot build its model: the constructor's own words");
    expect_refusal(train_faulty("undeclared"), 1,
                   "the model reads parameter 'gain', which its descriptor does not declare");
    expect_refusal(train_faulty("forward"), 1, "plugin 'faulty' failed in forward: forward's own words");
    expect_refusal(train_faulty("non_std"), 1,
                   "plugin 'faulty' failed in forward: something that is no std::exception was thrown");
    expect_refusal(train_faulty("torch"), 1,
                   "plugin 'faulty' failed in forward: mat1 and mat2 shapes cannot be multiplied");
    expect_refusal(train_faulty("shape"), 1,
                   "plugin 'faulty' returned Float [64, 9] from forward, but declares float32 [64, 10]");
    expect_refusal(train_faulty("dtype"), 1, "plugin 'faulty' returned Double [64, 10] from forward");
    EXPECT_EQ(train_faulty("none").exit_code, 0);
}

TEST_F(BadPlugin, TheOtherRunsFinishAndTheFailureIsRecorded) {
    const ProcessResult result = labhost(
        {experiment("[[run]]\nmodel = \"faulty\"\nparams = { fault = \"forward\" }\n[[run]]\nmodel = \"net\"\n"),
         "--plugins", plugins_});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.out.find("faulty-s1 failed: plugin 'faulty' failed in forward: forward's own words"),
              std::string::npos)
        << result.out;
    const auto read = [](const std::filesystem::path& folder) {
        return nlohmann::json::parse(read_file(folder / "result.json"));
    };
    EXPECT_EQ(read(run_folder("e", "net-s1")).at("status"), "finished");
    EXPECT_EQ(read(run_folder("e", "faulty-s1")).at("status"), "failed");
    EXPECT_EQ(read(run_folder("e", "faulty-s1")).at("reason"),
              "plugin 'faulty' failed in forward: forward's own words");
}

}  // namespace
}  // namespace labhost
