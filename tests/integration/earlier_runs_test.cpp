// The verbs on a runs folder of November 2026 (tests/data), from before run_layout.
#include <algorithm>

#include "program.hpp"

namespace labhost {
namespace {

using nlohmann::json;

class EarlierRuns : public testing::ProgramTest {
protected:
    EarlierRuns() {
        std::filesystem::copy(std::filesystem::path(LABHOST_SOURCE) / "tests/data/runs-2026-11", folder_ / "runs",
                              std::filesystem::copy_options::recursive);
        for (const char* run : {"long", "slow", "well"})  // the real ones are too large to be kept
            folder_.write(std::filesystem::relative(run_folder("digits", run) / "checkpoint.pt", folder_.path()),
                          "a checkpoint");
        folder_.write(std::filesystem::relative(run_folder("digits", "well") / "model.pt", folder_.path()), "weights");
        folder_.write("digits.toml",
                      json::parse(read_file(folder_ / "runs/digits/experiment.json")).at("source").get<std::string>());
    }

    std::map<std::string, json> planned() {
        const ProcessResult result = labhost({"plan", "digits.toml", "--json"});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        std::map<std::string, json> runs;
        const json plan = json::parse(result.out);
        for (const json& run : plan.at("runs")) runs[run.at("id")] = run;
        EXPECT_EQ(runs.size(), 3U);
        return runs;
    }

    /// As if these runs had been trained by the plugin, LibTorch and BLAS of this test.
    void take_this_hosts_fingerprints() {
        for (const auto& [id, plan] : planned()) {
            const auto folder = run_folder("digits", id);
            for (const char* name : {"run.json", "result.json"}) {
                if (!file_exists(folder / name)) continue;
                json record = json::parse(read_file(folder / name));
                record["fingerprint"] = plan.at("fingerprint");
                folder_.write(std::filesystem::relative(folder / name, folder_.path()), record.dump(2));
            }
            std::filesystem::rename(folder, folder_ / plan.at("folder").get<std::string>());
        }
    }
};

TEST_F(EarlierRuns, AreShownReportedAndExported) {
    const ProcessResult results = labhost({"results", "runs", "--json"});
    ASSERT_EQ(results.exit_code, 0) << results.err;
    EXPECT_EQ(results.err, "");
    const json shown = json::parse(results.out);
    std::map<std::string, std::string> states;
    for (const json& run : shown.at("runs")) states[run.at("id")] = run.at("status");
    EXPECT_EQ(states, (std::map<std::string, std::string>{
                          {"long-s1", "resumable"}, {"slow-s1", "failed"}, {"well-s1", "finished"}}));
    EXPECT_EQ(shown.at("claims").size(), 1U);
    EXPECT_EQ(shown.at("runs").at(2).at("final").at("test.accuracy"), 15.0);

    ASSERT_EQ(labhost({"report", "runs", "--output", "page.html"}).exit_code, 0);
    const std::string page = read_file(folder_ / "page.html");
    for (const char* words : {"well-s1", "long-s1", "was not done after 3 s", "a tenth of the digits is guessed"})
        EXPECT_NE(page.find(words), std::string::npos) << words;

    const std::string csv = labhost({"export", "runs", "--csv"}).out;
    EXPECT_EQ(std::ranges::count(csv, '\n'), 1 + 4 + 2 + 2) << csv;
    EXPECT_EQ(labhost({"export", "runs", "--tensorboard", "events"}).exit_code, 0);
}

TEST_F(EarlierRuns, GcOffersTheFinishedRunsCheckpointAndNoOther) {
    const ProcessResult listed = labhost({"gc", "runs"});
    EXPECT_EQ(listed.exit_code, 0) << listed.err;
    EXPECT_NE(listed.out.find("well-s1-2fc73806/checkpoint.pt"), std::string::npos) << listed.out;
    EXPECT_NE(listed.out.find("1 to remove"), std::string::npos) << listed.out;
    EXPECT_TRUE(file_exists(run_folder("digits", "well") / "checkpoint.pt"));
}

TEST_F(EarlierRuns, APlanFindsThemByTheirFingerprints) {
    take_this_hosts_fingerprints();
    auto runs = planned();
    EXPECT_EQ(runs["long-s1"].at("status"), "resumable");
    EXPECT_EQ(runs["slow-s1"].at("status"), "failed");
    EXPECT_EQ(runs["well-s1"].at("status"), "finished");
    const ProcessResult again = labhost({"digits.toml", "--only", "well*"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_NE(again.out.find("15.00"), std::string::npos) << again.out;
    EXPECT_EQ(read_file(run_folder("digits", "well") / "model.pt"), "weights") << "it was trained again";
}

}  // namespace
}  // namespace labhost
