// labhost plugins, inspect and new; what may be loaded, and how it is remembered.
#include <chrono>
#include <thread>

#include "program.hpp"
#include "support/hash.hpp"

namespace labhost {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string net = std::string(LABHOST_BUILD) + "/plugins/net.so";
std::string bad(const std::string& name) { return LABHOST_BAD_PLUGINS "/" + name + ".so"; }

class Plugins : public testing::ProgramTest {
protected:
    /// A copy of the plugin net in the folder `mine`.
    fs::path copy_of_net() {
        fs::create_directory(folder_ / "mine");
        fs::copy_file(net, folder_ / "mine" / "net.so");
        return folder_ / "mine" / "net.so";
    }
};

TEST_F(Plugins, AreListedOneLineEachAndWhatIsRefusedSaysWhy) {
    const ProcessResult result = labhost({"plugins", "--plugins", LABHOST_BAD_PLUGINS});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.out.find("\nnet3 "), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("\nlogits "), std::string::npos) << result.out;
    for (const char* words :
         {"no_plugin.so: this shared library is no labhost plugin", "aborts_in_static_initialiser.so: loading it in a ",
          "hangs_in_static_initialiser.so: loading it in a child process, the child was not done after 10 s"})
        EXPECT_NE(result.out.find(std::string("refused: ") + LABHOST_BAD_PLUGINS + "/" + words), std::string::npos)
            << words << "\n"
            << result.out;
}

TEST_F(Plugins, AsJsonHaveWhatADescriptorHolds) {
    const json document = json::parse(labhost({"plugins", "--json"}).out);
    const auto& plugins = document.at("plugins");
    const auto found = std::ranges::find_if(plugins, [](const json& p) { return p.at("id") == "net2"; });
    ASSERT_NE(found, plugins.end());
    EXPECT_EQ(found->at("sha256"), sha256_of_file(found->at("file").get<std::string>()));
    EXPECT_EQ(found->at("params").at(0),
              json::parse(R"({"name": "p", "type": "real", "default": 0.5, "minimum": 0.0, "maximum": 1.0,
                             "allowed": "a number in 0..1", "doc": "probability of dropping a unit"})"));
}

TEST_F(Plugins, AVerdictIsRememberedByTheFilesBytes) {
    const auto seconds = [&](const std::vector<std::string>& arguments) {
        const auto start = std::chrono::steady_clock::now();
        labhost(arguments);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    const std::vector<std::string> run{experiment("[[run]]\nmodel = \"hangs_in_static_initialiser\"\n"), "--plugins",
                                       LABHOST_BAD_PLUGINS};
    EXPECT_GT(seconds(run), 10.0);
    EXPECT_LT(seconds(run), 8.0) << "the second time it is known";
    EXPECT_GT(seconds({"inspect", bad("hangs_in_static_initialiser")}), 10.0) << "inspect looks anew";
}

TEST_F(Plugins, ADamagedMemoryIsNone) {
    const std::string e = experiment("[[run]]\nmodel = \"net\"\n");
    ASSERT_EQ(labhost({"plan", e}).exit_code, 0);
    const auto entries = folder_ / "cache" / "labhost" / "plugins";
    const fs::path entry = fs::directory_iterator(entries)->path();
    json wrong = json::parse(read_file(entry));
    wrong["description"] = nullptr;
    for (const std::string& text : {std::string("{"), std::string("[1]"), std::string(), wrong.dump()}) {
        folder_.write(entry, text);
        EXPECT_EQ(labhost({"plan", e}).exit_code, 0) << text;
        EXPECT_EQ(labhost({"plugins"}).exit_code, 0) << text;
    }
}

/// One that hangs when it is loaded tells by the time taken whether it was.
TEST_F(Plugins, ThatAreForbiddenAreNotEvenLoadedInAChild) {
    fs::create_directory(folder_ / "mine");
    const fs::path file = folder_ / "mine" / "hangs_in_static_initialiser.so";
    fs::copy_file(bad("hangs_in_static_initialiser"), file);
    const std::string run = "[[run]]\nmodel = \"hangs_in_static_initialiser\"\n";
    const std::string mine = file.parent_path().native();
    const auto start = std::chrono::steady_clock::now();
    expect_refusal(labhost({experiment(run + "plugin_sha256 = \"" + std::string(64, '0') + "\"\n"), "--plugins", mine}),
                   4, "its SHA-256 is ");
    fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
    for (const auto& arguments : {std::vector<std::string>{"inspect", file.native()},
                                  {"validate", file.native()},
                                  {"plan", experiment(run), "--plugins", mine}}) {
        const ProcessResult result = labhost(arguments);
        EXPECT_EQ(result.exit_code, 4);
        EXPECT_NE((result.out + result.err).find("anyone may write to "), std::string::npos)
            << result.out << result.err;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(9));
}

TEST_F(Plugins, ThatAnyoneMayWriteAreRefusedUnlessAllowed) {
    const fs::path file = copy_of_net();
    const std::string e = experiment("[[run]]\nmodel = \"net\"\n");
    const std::string mine = file.parent_path().native();
    for (const fs::path& open : {file, file.parent_path()}) {
        fs::permissions(open, fs::perms::others_write, fs::perm_options::add);
        expect_refusal(labhost({e, "--plugins", mine}), 4, "anyone may write to " + open.native());
        EXPECT_NE(labhost({"plugins", "--plugins", mine}).out.find("refused: " + file.native() + ": anyone may write"),
                  std::string::npos);
        EXPECT_EQ(labhost({"inspect", file.native()}).exit_code, 4);
        EXPECT_EQ(labhost({"validate", file.native(), "--test", "loads"}).exit_code, 4);
        EXPECT_EQ(labhost({e, "--plugins", mine, "--allow-insecure-plugins"}).exit_code, 0);
        fs::remove_all(folder_ / "runs");
        fs::permissions(open, fs::perms::others_write, fs::perm_options::remove);
    }
    // Also behind links, and in a folder that a link passes through.
    const auto refused = [&](const fs::path& folder, const fs::path& open) {
        fs::permissions(open, fs::perms::others_write, fs::perm_options::add);
        expect_refusal(labhost({e, "--plugins", folder.native()}), 4, "anyone may write to " + open.native());
        fs::permissions(open, fs::perms::others_write, fs::perm_options::remove);
    };
    for (const char* folder : {"links", "via"}) fs::create_directory(folder_ / folder);
    fs::create_symlink(file, folder_ / "via" / "net.so");
    fs::create_symlink("../via/net.so", folder_ / "links" / "net.so");
    refused(folder_ / "links", file.parent_path());
    refused(folder_ / "links", folder_ / "via");
}

TEST_F(Plugins, APinnedHashMustBeTheFiles) {
    const std::string hash = sha256_of_file(net);
    std::string upper = hash;
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
    for (const std::string& pin : {hash, upper})
        EXPECT_EQ(labhost({experiment("[[run]]\nmodel = \"net\"\nplugin_sha256 = \"" + pin + "\"\n")}).exit_code, 0);
    fs::remove_all(folder_ / "runs");
    const std::string other(64, '0');
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"net\"\nplugin_sha256 = \"" + other + "\"\n")}), 4,
                   "its SHA-256 is " + hash + ", the experiment's plugin_sha256 is " + other);
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"net\"\nplugin_sha256 = \"abc\"\n")}), 2,
                   "must be a SHA-256: 64 hexadecimal digits");
}

TEST_F(Plugins, AreInspectedWhole) {
    const ProcessResult text = labhost({"inspect", "net3"});
    EXPECT_EQ(text.exit_code, 0);
    for (const char* words :
         {"plugin    net3 1.0.0", "verdict   loads here", "1 x 28 x 28", "a number in 0..1", "conv1_bn  BatchNorm2d",
          "weight [20, 1, 5, 5], bias [20]", "running_mean [20] (buffer)", "431220"})
        EXPECT_NE(text.out.find(words), std::string::npos) << words << "\n" << text.out;
    const json document = json::parse(labhost({"inspect", net, "--json"}).out);
    EXPECT_EQ(document.at("sha256"), sha256_of_file(net));
    EXPECT_EQ(document.at("size"), fs::file_size(net));
    EXPECT_EQ(document.at("layers").at(0).at("parameters"), 520);
    EXPECT_TRUE(document.at("stamp").get<std::string>().starts_with("labhost_abi$sdk_"));
}

TEST_F(Plugins, ThatAreRefusedAreInspectedWithoutRunningThem) {
    const ProcessResult other = labhost({"inspect", bad("other_libtorch")});  // its static initialiser would abort
    EXPECT_EQ(other.exit_code, 4);
    for (const char* words :
         {"plugin    other_libtorch 1.0.0", "LibTorch 9.9.9+cu999", "verdict   refused: built for ", "classes   10"})
        EXPECT_NE(other.out.find(words), std::string::npos) << words << "\n" << other.out;
    const ProcessResult range = labhost({"inspect", bad("default_out_of_range")});
    EXPECT_NE(range.out.find("p          real  2.0      a number in 0..1"), std::string::npos) << range.out;
    EXPECT_EQ(labhost({"inspect", bad("wrong_magic")}).exit_code, 4);
    const ProcessResult exits = labhost({"inspect", bad("exits_in_forward")});  // building it is harmless
    EXPECT_EQ(exits.exit_code, 0);
    const ProcessResult throws = labhost({"inspect", bad("throws_in_constructor")});
    EXPECT_NE(throws.out.find("no layers: plugin 'throws_in_constructor' cannot build its model"), std::string::npos);
}

TEST_F(Plugins, ReplacedWhileASweepRunsAreNotSwappedUnderIt) {
    const fs::path file = copy_of_net();
    const std::string e = experiment("[[run]]\nmodel = \"net\"\ngrid = { \"trainer.epochs\" = [20, 21] }\n");
    const std::string old_hash = sha256_of_file(file);
    ProcessResult result;
    std::thread sweep([&] { result = labhost({e, "--plugins", file.parent_path().native()}); });
    const auto started = [&] { return fs::exists(folder_ / "runs") && !fs::is_empty(folder_ / "runs"); };
    while (!started()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    // Another build: what follows the last section changes the hash, not the code.
    folder_.write("mine/net.so.new", read_file(net) + "another build");
    fs::rename(folder_ / "mine" / "net.so.new", file);
    sweep.join();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const auto hash_of_run = [&](const std::string& id) {
        const json run = json::parse(read_file(run_folder("e", id) / "run.json"));
        return run.at("provenance").at("plugin").at("sha256").get<std::string>();
    };
    EXPECT_EQ(hash_of_run("net-epochs20-s1"), old_hash);
    EXPECT_EQ(hash_of_run("net-epochs21-s1"), old_hash) << "one plan, one binary";
    const ProcessResult plan = labhost({"plan", e, "--plugins", file.parent_path().native()});
    EXPECT_NE(plan.out.find("2 runs: 2 new"), std::string::npos) << plan.out;
}

TEST_F(Plugins, ANewProjectIsWrittenAndNothingIsOverwritten) {
    const ProcessResult made = labhost({"new", "my-net_2"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    for (const char* file : {"my-net_2.cpp", "my-net_2.toml", "CMakeLists.txt", "README.md"}) {
        const std::string text = read_file(folder_ / "my-net_2" / file);
        EXPECT_NE(text.find("my-net_2"), std::string::npos) << file;
        EXPECT_EQ(text.find("@"), std::string::npos) << file;
    }
    EXPECT_NE(read_file(folder_ / "my-net_2" / "my-net_2.cpp").find("struct MyNet2Model final"), std::string::npos);
    folder_.write("my-net_2/my-net_2.cpp", "mine");
    expect_refusal(labhost({"new", "my-net_2"}), 2, "is there already, and nothing is overwritten");
    EXPECT_EQ(read_file(folder_ / "my-net_2" / "my-net_2.cpp"), "mine");
    folder_.write("a_file", "");
    expect_refusal(labhost({"new", "a_file"}), 2, "is there already");
    for (const char* name : {"", "a/b", "../up", "2fast", "my.net", "a b", "é", ".hidden"})
        expect_refusal(labhost({"new", name}), 2, "a plugin's name is a letter, then letters, digits, '_' and '-'");
    for (const char* name : {"test", "torch", "Labhost"})
        expect_refusal(labhost({"new", name}), 2, "uses this name already");
    expect_refusal(labhost({"new", "net3"}), 2, "there is a plugin of this name already");
    expect_refusal(labhost({"new"}), 2, "name the NAME");
}

}  // namespace
}  // namespace labhost
