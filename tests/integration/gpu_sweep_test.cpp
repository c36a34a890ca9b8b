// What a sweep decides about GPUs, with real processes on GPUs that a script makes up (tests/scripted_engine).
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>

#include "helpers/idx_files.hpp"
#include "program.hpp"
#include "support/text.hpp"

namespace labhost::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class GpuSweep : public ProgramTest {
protected:
    void SetUp() override {
        fs::copy_file(LABHOST_PROGRAM, folder_ / "labhost");
        fs::copy(fs::path(LABHOST_SCRIPTED) / "lib", folder_ / "lib");
        fs::copy(fs::path(LABHOST_SCRIPTED) / "plugins", folder_ / "plugins");
        const TemporaryFolder data;
        write_dataset(data, 40, 20, 28);
        fs::create_directory(folder_ / "data");
        for (const auto& entry : fs::directory_iterator(data.path()))
            fs::copy_file(entry.path(), folder_ / "data" / entry.path().filename());
    }

    /// An experiment of these models, three epochs, on any GPU unless `trainer` says another device.
    std::string models(const std::vector<std::string>& ids, const std::string& trainer = "device = \"cuda\"\n") {
        std::string text = std::string("[experiment]\nname = \"e\"\n[data]\ndataset = \"./data\"\n[trainer]\n") +
                           (has(trainer, "epochs") ? "" : "epochs = 3\n") + trainer;
        for (const std::string& id : ids) text += "[[run]]\nmodel = \"" + id + "\"\n";
        return folder_.write("e.toml", text).native();
    }

    ProcessResult sweep(const std::string& file, json script, std::vector<std::string> arguments = {}) {
        script["log"] = (folder_ / "log").native();
        folder_.write("script.json", script.dump());
        arguments.insert(arguments.begin(), {(folder_ / "labhost").native(), file});
        return run_process(arguments, {.folder = folder_.path(),
                                       .environment = {{"SCRIPTED_ENGINE", (folder_ / "script.json").native()},
                                                       {"XDG_CACHE_HOME", (folder_ / "cache").native()}}});
    }

    /// A trainer that was made: colocated, so no run that was only tried.
    struct Begun {
        std::string run;
        std::string pid;
        std::string device;
        bool graphs;
        bool company;
        int beside;
    };
    std::vector<Begun> begun() {
        std::vector<Begun> all;
        std::istringstream lines(fs::exists(folder_ / "log") ? read_file(folder_ / "log") : "");
        for (std::string line; std::getline(lines, line);) {
            const auto words = split(line, ' ');
            if (words.front() == "begin")
                all.push_back(
                    {words[1], words[3], words[5], words[7] == "true", words[9] == "true", std::stoi(words[11])});
        }
        return all;
    }

    static std::set<std::string> pids(const std::vector<Begun>& all) {
        std::set<std::string> pids;
        for (const Begun& one : all) pids.insert(one.pid);
        return pids;
    }

    int most_beside() {
        int most = 0;
        for (const Begun& one : begun()) most = std::max(most, one.beside);
        return most;
    }

    std::size_t count(const std::string& status) {
        std::size_t found = 0;
        if (!fs::exists(folder_ / "runs")) return 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder_ / "runs"))
            if (entry.path().filename() == "result.json" && json::parse(read_file(entry.path())).at("status") == status)
                ++found;
        return found;
    }

    static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
};

TEST_F(GpuSweep, ThirtyRunsAreRefilledIntoOneProcessForEachGpu) {
    const ProcessResult result =
        sweep(models({"alpha"}), {{"gpus", 2}},
              {"--seeds", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 30U);
    EXPECT_LE(pids(begun()).size(), 3U) << "one of each GPU, and a trial of the plugin";
    EXPECT_LT(most_beside(), 12);
}

TEST_F(GpuSweep, RunsAreSharedOutOverTheGpus) {
    const ProcessResult result =
        sweep(models({"alpha"}), {{"gpus", 2}, {"step_ms", 5}, {"slow_start_ms", {{"alpha-s2", 300}}}},
              {"--seeds", "1,2,3,4,5,6,7,8"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto all = begun();
    EXPECT_EQ(std::ranges::count(all, "cuda:0", &Begun::device), 4) << "though it began sooner";
    EXPECT_EQ(std::ranges::count(all, "cuda:1", &Begun::device), 4);
}

TEST_F(GpuSweep, AGpuThatIsBusyBeforeTheFirstBatchTakesNoMoreRuns) {
    const ProcessResult result =
        sweep(models({"alpha"}), {{"fault_at_start", {{"cuda:0", 46}}}}, {"--seeds", "1,2,3,4,5,6"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 6U);
    EXPECT_TRUE(
        has(result.err, "cuda:0 (Scripted GPU) takes no more runs of this sweep: CUDA error: scripted fault 46"))
        << result.err;
    const auto all = begun();
    EXPECT_EQ(std::ranges::count(all, "cuda:0", &Begun::device), 1) << "a bad GPU attracts no runs";
    EXPECT_FALSE(has(result.err, "tried again")) << result.err;
}

TEST_F(GpuSweep, AnEccErrorIsTheGpusAtAnyTimeAndItsRunsGoOnElsewhere) {
    const ProcessResult result =
        sweep(models({"alpha"}),
              {{"faults", {{{"run", "alpha-s1"}, {"step", 20}, {"code", 214}, {"once", (folder_ / "once").native()}}}}},
              {"--seeds", "1,2,3,4"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 4U);
    EXPECT_TRUE(has(result.err, "takes no more runs of this sweep")) << result.err;
    EXPECT_TRUE(has(read_file(folder_ / "log"), "resume alpha-s1 after 1 epochs")) << read_file(folder_ / "log");
}

TEST_F(GpuSweep, AnIllegalAddressIsTheRunsAndIsBelievedAlone) {
    const ProcessResult result =
        sweep(models({"alpha"}), {{"gpus", 1}, {"faults", {{{"run", "alpha-s2"}, {"step", 6}, {"code", 700}}}}},
              {"--seeds", "1,2,3"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(count("finished"), 2U);
    EXPECT_EQ(count("failed"), 1U);
    EXPECT_FALSE(has(result.err, "takes no more runs")) << result.err;
    EXPECT_TRUE(
        has(json::parse(read_file(run_folder("e", "alpha-s2") / "result.json")).at("reason"), "scripted fault 700"));
}

TEST_F(GpuSweep, WithoutAnyGpuLeftNothingIsRecordedAndTheSameCommandGoesOn) {
    const std::string file = models({"alpha"});
    const ProcessResult result =
        sweep(file, {{"fault_at_start", {{"cuda:0", 802}, {"cuda:1", 999}}}}, {"--seeds", "1,2,3"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_TRUE(has(result.err, "labhost: error: no GPU is left for")) << result.err;
    EXPECT_TRUE(has(result.err, "the same command goes on")) << result.err;
    EXPECT_EQ(count("failed") + count("finished"), 0U);
    EXPECT_EQ(sweep(file, json::object(), {"--seeds", "1,2,3"}).exit_code, 0);
    EXPECT_EQ(count("finished"), 3U);
}

TEST_F(GpuSweep, ARunThatNamesABenchedGpuIsLeftUnfinished) {
    const std::string file = models({"alpha"});
    folder_.write("e.toml", read_file(file) + "[[run]]\nmodel = \"beta\"\ntrainer = { device = \"cuda:0\" }\n");
    const ProcessResult result = sweep(file, {{"fault_at_start", {{"cuda:0", 46}}}});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_TRUE(has(result.err, "beta-s1 asked for a GPU that takes no more runs (cuda:0: ")) << result.err;
    EXPECT_EQ(count("finished"), 1U);
    EXPECT_EQ(count("failed"), 0U);
}

TEST_F(GpuSweep, RunsArePlacedByTheMemoryThatOneTook) {
    const ProcessResult result =
        sweep(models({"alpha"}), {{"gpus", 1}, {"memory_mb", 16000}, {"run_mb", 4000}, {"step_ms", 3}},
              {"--seeds", "1,2,3,4,5,6"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 6U);
    EXPECT_EQ(most_beside(), 2) << "three of 4 GB on 16 GB";
    EXPECT_EQ(pids(begun()).size(), 1U) << "the first run is its plugin's trial";
}

TEST_F(GpuSweep, RunsThatHaveNotTakenTheirMemoryYetDoNotMakeTheOthersSmall) {
    const ProcessResult result =
        sweep(models({"alpha"}),
              {{"gpus", 1}, {"memory_mb", 16000}, {"captured_mb", 2000}, {"tested_mb", 2000}, {"step_ms", 3}},
              {"--seeds", "1,2,3,4,5,6"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 6U);
    EXPECT_EQ(most_beside(), 2) << "three of 4 GB on 16 GB, of which half comes with the first test";
}

TEST_F(GpuSweep, PerGpuIsAnUpperBound) {
    ASSERT_EQ(sweep(models({"alpha"}), {{"gpus", 1}}, {"--per-gpu", "2", "--seeds", "1,2,3,4,5"}).exit_code, 0);
    EXPECT_EQ(most_beside(), 1);
}

TEST_F(GpuSweep, AfterOutOfMemoryHalfAsManyGoOnFromTheirCheckpoints) {
    const ProcessResult result =
        sweep(models({"alpha"}), {{"gpus", 1}, {"most_runs", 5}}, {"--seeds", "1,2,3,4,5,6,7,8"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 8U);
    EXPECT_TRUE(has(result.err, "cuda:0 has too little memory for 8 runs at once; its runs go on, at most 4 at once"))
        << result.err;
    const auto all = begun();
    const auto after = std::ranges::find_if(all, [&](const Begun& one) { return one.pid != all.front().pid; });
    for (auto one = after; one != all.end(); ++one) EXPECT_LT(one->beside, 4);
    EXPECT_EQ(pids(all).size(), 2U);
}

TEST_F(GpuSweep, AloneItIsTheRunsFailureAndSaysWhatHelps) {
    const ProcessResult result =
        sweep(models({"alpha"}), {{"gpus", 1}, {"never_fits", "alpha-s2"}}, {"--seeds", "1,2,3"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(count("finished"), 2U);
    const std::string reason = json::parse(read_file(run_folder("e", "alpha-s2") / "result.json")).at("reason");
    EXPECT_TRUE(has(reason, "needs more memory than cuda:0 has")) << reason;
    EXPECT_TRUE(has(reason, "a smaller trainer.batch_size")) << reason;
}

TEST_F(GpuSweep, APluginThatCannotBeCapturedRestartsNobodyWhoHasComputedForSeconds) {
    const std::string file = models({"alpha", "beta", "gamma"});
    const ProcessResult result =
        sweep(file, {{"gpus", 1}, {"not_captured", {"beta"}}, {"step_ms", 40}, {"slow_start_ms", {{"beta-s1", 500}}}},
              {"--seeds", "1,2,3", "--per-gpu", "3"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 9U);
    EXPECT_TRUE(has(result.err, "plugin 'beta': a training step cannot be captured as a CUDA graph")) << result.err;
    const std::string log = read_file(folder_ / "log");
    EXPECT_TRUE(has(log, "not captured: beta-s1 beside 0")) << log;
    EXPECT_FALSE(has(log, "resume")) << log;
    std::map<std::string, int> times;
    std::set<std::string> probes;
    for (const Begun& one : begun()) {
        ++times[one.run];
        if (one.run.starts_with("beta") && one.graphs) probes.insert(one.run);
    }
    EXPECT_EQ(probes, std::set<std::string>{"beta-s1"}) << "once for the plugin";
    for (const auto& [run, begun] : times)
        EXPECT_LE(begun, run == "alpha-s1" || run.ends_with("-s1") ? 2 : 1)
            << run << " began again; a first one is tried before";

    // Remembered by the next command, and by the file's hash.
    fs::remove_all(folder_ / "runs");
    fs::remove(folder_ / "log");
    const ProcessResult again = sweep(file, {{"gpus", 1}, {"not_captured", {"beta"}}}, {"--seeds", "1,2,3"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_TRUE(has(again.err, "plugin 'beta': a training step cannot be captured")) << again.err;
    EXPECT_FALSE(has(read_file(folder_ / "log"), "not captured"));
    EXPECT_EQ(begun().size(), 9U) << "nothing is tried again";
}

TEST_F(GpuSweep, AProcessThatHasJustBegunTakesNewPluginsAsTheyAre) {
    const ProcessResult result = sweep(models({"alpha", "beta", "gamma"}),
                                       {{"gpus", 1}, {"not_captured", {"beta"}}, {"step_ms", 3}}, {"--seeds", "1,2"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 6U);
    EXPECT_TRUE(has(result.err, "plugin 'beta': a training step cannot be captured as a CUDA graph")) << result.err;
    std::map<std::string, int> times;
    for (const Begun& one : begun()) ++times[one.run];
    EXPECT_EQ(times.at("gamma-s1"), 2) << "no process for a trial, but the company again: "
                                       << read_file(folder_ / "log");
}

TEST_F(GpuSweep, APluginWhoseFirstRunCannotBeCapturedGoesOnWithoutGraphs) {
    const ProcessResult result =
        sweep(models({"beta"}), {{"gpus", 1}, {"not_captured", {"beta"}}}, {"--seeds", "1,2,3"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 3U);
    EXPECT_EQ(std::ranges::count(begun(), true, &Begun::graphs), 1);
}

TEST_F(GpuSweep, ValidateFindsOutWhatASweepWouldTry) {
    folder_.write("script.json", json{{"not_captured", {"beta"}}}.dump());
    const ProcessResult validated =
        run_process({(folder_ / "labhost").native(), "validate", "alpha", "beta"},
                    {.folder = folder_.path(),
                     .environment = {{"SCRIPTED_ENGINE", (folder_ / "script.json").native()},
                                     {"XDG_CACHE_HOME", (folder_ / "cache").native()}}});
    ASSERT_EQ(validated.exit_code, 0) << validated.out << validated.err;
    const ProcessResult result =
        sweep(models({"alpha", "beta"}), {{"gpus", 1}, {"not_captured", {"beta"}}}, {"--seeds", "1,2"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(begun().size(), 4U) << read_file(folder_ / "log");
    EXPECT_FALSE(has(read_file(folder_ / "log"), "not captured"));
}

TEST_F(GpuSweep, APluginWhoseFirstStepsCrashHasItsProcessesToItself) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer ends a process in its own way";
    const ProcessResult result =
        sweep(models({"alpha", "beta"}),
              {{"gpus", 1}, {"step_ms", 40}, {"faults", {{{"run", "beta-s1"}, {"step", 2}, {"signal", SIGSEGV}}}}},
              {"--seeds", "1,2,3", "--per-gpu", "3"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(count("finished"), 5U);
    EXPECT_TRUE(has(result.err, "runs of plugin 'beta' have a process each")) << result.err;
    EXPECT_FALSE(has(read_file(folder_ / "log"), "resume")) << "nobody else was disturbed";
    const auto all = begun();
    EXPECT_EQ(std::ranges::count(all, "beta-s1", &Begun::run), 2) << "tried, and trained";
    EXPECT_TRUE(std::ranges::none_of(all, [](const Begun& one) { return one.run == "beta-s2" && one.company; }));
}

TEST_F(GpuSweep, AfterACrashInAProcessThatHasJustBegunTheOthersGoOnTogether) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer ends a process in its own way";
    const ProcessResult result =
        sweep(models({"alpha", "beta"}),
              {{"gpus", 1}, {"step_ms", 3}, {"faults", {{{"run", "beta-s1"}, {"step", 2}, {"signal", SIGSEGV}}}}},
              {"--seeds", "1,2,3"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(count("finished"), 5U);
    EXPECT_TRUE(has(result.err, "they are tried again, and plugins that are new apart from them")) << result.err;
    EXPECT_TRUE(has(result.err, "beta-s1  failed: plugin 'beta' was killed by SIGSEGV")) << result.err;
    const auto all = begun();
    EXPECT_GE(std::ranges::count_if(all, [](const Begun& one) { return one.run.starts_with("alpha"); }), 3);
    for (const Begun& one : all)
        EXPECT_TRUE(one.company || !one.run.starts_with("alpha")) << one.run << " was taken for what crashed";
}

TEST_F(GpuSweep, ACrashInARefilledProcessCostsOnlyWhatWasUnderWay) {
    const ProcessResult result = sweep(
        models({"alpha"}),
        {{"gpus", 1}, {"faults", {{{"run", "alpha-s9"}, {"step", 15}, {"signal", SIGSEGV}, {"only_colocated", true}}}}},
        {"--per-gpu", "3", "--seeds", "1,2,3,4,5,6,7,8,9,10,11,12"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(count("finished"), 12U);
    std::map<std::string, int> times;
    for (const Begun& one : begun()) ++times[one.run];
    EXPECT_EQ(std::ranges::count_if(times, [](const auto& run) { return run.second > 1; }), 3)
        << "those three, and no other";
}

TEST_F(GpuSweep, ARunThatHangsInCompanyEndsTheProcessAndIsBelievedAlone) {
    const ProcessResult result =
        sweep(models({"alpha"}, "device = \"cuda\"\ntimeout = \"2s\"\n"),
              {{"gpus", 1}, {"faults", {{{"run", "alpha-s2"}, {"step", 6}, {"hang", true}}}}}, {"--seeds", "1,2"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(count("finished"), 1U);
    EXPECT_TRUE(has(result.err, "was not done after its share of 2 s (trainer.timeout) beside other runs"))
        << result.err;
    EXPECT_TRUE(has(json::parse(read_file(run_folder("e", "alpha-s2") / "result.json")).at("reason"),
                    "was not done after 2 s"));
}

TEST_F(GpuSweep, TheTimeOfOthersDoesNotCountForARunsLimit) {
    // Alone a run takes 0.4 s, six in turns 2.2 s.
    const ProcessResult result = sweep(models({"alpha"}, "device = \"cuda\"\ntimeout = \"1.5s\"\n"),
                                       {{"gpus", 1}, {"step_ms", 10}}, {"--seeds", "1,2,3,4,5,6"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_FALSE(has(result.err, "was not done")) << result.err;
}

TEST_F(GpuSweep, AGpuThatTakesOneProcessOnlyIsNotTakenForABadOne) {
    const std::string file = models({"alpha", "beta"});
    // The worker comes after the trial of the other plugin, which takes long, or before it.
    for (const char* second : {"alpha-s1", "beta-s1"}) {
        const ProcessResult result = sweep(file,
                                           {{"gpus", 1},
                                            {"exclusive", true},
                                            {"step_ms", 3},
                                            {"late_ms", {{second, 150}}},
                                            {"slow_start_ms", {{"beta-s1", 500}}}},
                                           {"--seeds", "1,2,3"});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(count("finished"), 6U);
        EXPECT_FALSE(has(result.err, "takes no more runs")) << result.err;
        for (const char* made : {"runs", "cache"}) fs::remove_all(folder_ / made);
    }
}

TEST_F(GpuSweep, OnACpuSixRunsUseOneProcess) {
    const ProcessResult result = sweep(models({"alpha"}, "device = \"cpu\"\n"), json::object(),
                                       {"--jobs", "2", "--per-process", "2", "--seeds", "1,2,3,4,5,6"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(begun().size(), 6U);
    for (int seed = 1; seed <= 6; ++seed) {  // the script's: what is told of a run is taken for that run's
        const std::string id = "alpha-s" + std::to_string(seed);
        EXPECT_EQ(json::parse(read_file(run_folder("e", id) / "result.json")).at("final").at("test.correct"), seed);
        std::size_t lines = 0;
        for (std::size_t at = 0; (at = result.err.find(id + "  epoch ", at)) != std::string::npos; ++at) ++lines;
        EXPECT_EQ(lines, 3U) << result.err;
    }
    EXPECT_EQ(pids(begun()).size(), 1U);
    EXPECT_EQ(most_beside(), 1);
}

TEST_F(GpuSweep, HundredsOfRunsGoThroughOneProcess) {
    const ProcessResult result = sweep(models({"alpha"}, "device = \"cpu\"\n"), {{"step_ms", 0}},
                                       {"--jobs", "3", "--per-process", "3", "--set",
                                        "experiment.seeds={ count = 260 }", "--set", "trainer.epochs=1"});
    EXPECT_EQ(result.exit_code, 0) << result.err.substr(0, 3000);
    EXPECT_EQ(count("finished"), 260U);
    EXPECT_EQ(pids(begun()).size(), 1U);
}

TEST_F(GpuSweep, InterruptedAndKilledItGoesOnWithWhatWasUnderWay) {
    const std::string file = models({"alpha"}, "device = \"cuda\"\nepochs = 40\n");
    const json script{{"gpus", 2}, {"log", (folder_ / "log").native()}, {"step_ms", 1}};
    folder_.write("script.json", script.dump());
    int exit_code = 1;
    for (int attempt = 0; exit_code != 0 && attempt < 60; ++attempt)
        exit_code =
            run_process({"timeout", "--foreground", "--preserve-status", "-s", attempt % 2 == 0 ? "INT" : "KILL",
                         std::to_string(0.8 + 0.2 * attempt), (folder_ / "labhost").native(), file, "--per-gpu", "3",
                         "--seeds", "1,2,3,4,5,6,7,8,9,10,11,12"},
                        {.folder = folder_.path(),
                         .environment = {{"SCRIPTED_ENGINE", (folder_ / "script.json").native()},
                                         {"XDG_CACHE_HOME", (folder_ / "cache").native()}}})
                .exit_code;
    EXPECT_EQ(exit_code, 0);
    EXPECT_EQ(count("finished"), 12U);
    EXPECT_EQ(count("failed"), 0U);
    EXPECT_TRUE(has(read_file(folder_ / "log"), "resume "));
}

}  // namespace
}  // namespace labhost::testing
