// The experiment file: what it may say, how runs and ids come of it, and how mistakes are reported.
#include <gtest/gtest.h>

#include "config/experiment.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"

namespace labhost::experiment_test {
namespace {

using testing::expect_error;

class ExperimentFile : public ::testing::Test {
protected:
    Experiment read(const std::string& text, const Overrides& overrides = {}) {
        return read_experiment(folder_.write("e.toml", text), overrides);
    }
    std::vector<std::string> ids(const std::string& text, const Overrides& overrides = {}) {
        std::vector<std::string> ids;
        for (const RunSettings& run : read(text, overrides).runs) ids.push_back(run.id);
        return ids;
    }
    void refuse(const std::string& text, const std::string& words, const Overrides& overrides = {}) {
        expect_error(ExitCode::usage, words, [&] { read(text, overrides); });
    }
    /// The file's name and a place in it, as errors begin.
    std::string at(const std::string& place) { return (folder_ / "e.toml").native() + ":" + place + ": error: "; }

    testing::TemporaryFolder folder_;
    using Ids = std::vector<std::string>;
};

const std::string data = "data.dataset = \"mnist\"\n";

TEST_F(ExperimentFile, HasTheNotebooksSettingsAsDefaults) {
    const Experiment e = read(data + "[[run]]\nmodel = \"net\"\n");
    EXPECT_EQ(e.name, "e");
    ASSERT_EQ(e.runs.size(), 1U);
    const RunSettings& run = e.runs[0];
    EXPECT_EQ(run.id, "net-s1");
    EXPECT_EQ(run.seed, 1U);
    EXPECT_EQ(run.trainer.epochs, 2);
    EXPECT_EQ(run.trainer.batch_size, 64);
    EXPECT_EQ(run.trainer.test_batch_size, 1000);
    EXPECT_EQ(run.trainer.optimizer.arguments().number("lr"), 0.01);
    EXPECT_EQ(run.trainer.optimizer.arguments().number("momentum"), 0.5);
    EXPECT_EQ(run.trainer.threads, 1);
}

TEST_F(ExperimentFile, GridMultipliesAxesInTheOrderTheyAreWritten) {
    EXPECT_EQ(ids(data + "experiment.seeds = [1, 7]\n[[run]]\nmodel = \"net2\"\n"
                         "grid = { \"trainer.optimizer.lr\" = [0.1, 0.01], \"params.p\" = [0.25, 1.0] }\n"),
              (Ids{"net2-lr0.1-p0.25-s1", "net2-lr0.1-p0.25-s7", "net2-lr0.1-p1-s1", "net2-lr0.1-p1-s7",
                   "net2-lr0.01-p0.25-s1", "net2-lr0.01-p0.25-s7", "net2-lr0.01-p1-s1", "net2-lr0.01-p1-s7"}));
}

TEST_F(ExperimentFile, GridSetsParamsTrainerAndData) {
    const Experiment e = read(data +
                              "[[run]]\nmodel = \"net2\"\ngrid = { params.p = [0.5], trainer.optimizer.momentum = [0], "
                              "data.train_limit = [100], trainer.loss = [\"cross_entropy\"] }\n");
    const RunSettings& run = e.runs.at(0);
    EXPECT_EQ(std::get<double>(run.params.at("p").value), 0.5);
    EXPECT_EQ(run.trainer.optimizer.arguments().number("momentum"), 0.0);
    EXPECT_EQ(run.trainer.optimizer.arguments().number("lr"), 0.01);
    EXPECT_EQ(run.data.train_limit, 100);
    EXPECT_EQ(run.trainer.loss, Loss::cross_entropy);
    EXPECT_EQ(run.id, "net2-p0.5-momentum0-train_limit100-loss_cross_entropy-s1");
}

TEST_F(ExperimentFile, ARunOverridesTrainerAndDataAndMayHaveAName) {
    const Experiment e =
        read(data +
             "trainer.epochs = 3\n[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net\"\nname = \"long\"\n"
             "trainer = { epochs = 9, optimizer = { lr = 0.5 } }\ndata = { test_limit = 5 }\n");
    EXPECT_EQ(e.runs.at(0).trainer.epochs, 3);
    EXPECT_EQ(e.runs.at(1).id, "long-s1");
    EXPECT_EQ(e.runs.at(1).trainer.epochs, 9);
    EXPECT_EQ(e.runs.at(1).trainer.optimizer.arguments().number("lr"), 0.5);
    EXPECT_EQ(e.runs.at(1).trainer.optimizer.arguments().number("momentum"), 0.5);
    EXPECT_EQ(e.runs.at(1).data.test_limit, 5);
    EXPECT_FALSE(e.runs.at(0).data.test_limit);
}

TEST_F(ExperimentFile, ReferenceBelongsToTheRunOrToTheGridPointItNames) {
    const Experiment e = read(data +
                              "[[run]]\nmodel = \"net\"\nreference = { test_accuracy = [96.27, 98] }\n"
                              "[[run]]\nmodel = \"net2\"\ngrid = { \"params.p\" = [0.25, 1.0] }\n"
                              "[[run.reference]]\nwhen = { \"params.p\" = 0.25 }\ntrain_loss = [0.5]\n");
    EXPECT_EQ(e.runs.at(0).reference.test_accuracy, (std::vector<double>{96.27, 98.0}));
    EXPECT_EQ(e.runs.at(1).reference.train_loss, (std::vector<double>{0.5}));
    EXPECT_TRUE(e.runs.at(2).reference.train_loss.empty());
}

TEST_F(ExperimentFile, SetOverridesOneKeyAndSeedsAndOnlyChooseRuns) {
    const std::string text = data + "[trainer]\nepochs = 5\n[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net1\"\n";
    const Experiment e = read(text, {.set = {"trainer.epochs=1", "trainer.optimizer.lr=0.5", "data.dataset=\"./x\""},
                                     .seeds = {4, 5},
                                     .device = "cpu",
                                     .only = {"net-s*"}});
    ASSERT_EQ(e.runs.size(), 2U);
    EXPECT_EQ(e.runs[0].id, "net-s4");
    EXPECT_EQ(e.runs[1].id, "net-s5");
    EXPECT_EQ(e.runs[0].trainer.epochs, 1);
    EXPECT_EQ(e.runs[0].trainer.optimizer.arguments().number("lr"), 0.5);
    EXPECT_EQ(e.runs[0].trainer.device, "cpu");
    EXPECT_EQ(e.runs[0].data.dataset, (std::filesystem::current_path() / "x").native());
}

TEST_F(ExperimentFile, PathsAreTakenFromTheFilesFolder) {
    EXPECT_EQ(read("data.dataset = \"../d\"\n[[run]]\nmodel = \"net\"\n").runs.at(0).data.dataset,
              (folder_.path().parent_path() / "d").native());
}

TEST_F(ExperimentFile, UnknownKeysAreRefusedWithTheirPlaceAndASuggestion) {
    refuse(data + "[trainer]\noptimizer = { name = \"sgd\", lerning_rate = 0.1 }\n[[run]]\nmodel = \"net\"\n",
           at("3:29") + "unknown key 'lerning_rate' in trainer.optimizer; did you mean 'lr'?");
    refuse(data + "[trainer]\nepoch = 1\n[[run]]\nmodel = \"net\"\n",
           at("3:1") + "unknown key 'epoch' in trainer; did you mean 'epochs'?");
    refuse(data + "[[runs]]\nmodel = \"net\"\n", at("2:3") + "unknown key 'runs'; did you mean 'run'?");
    refuse(data + "[[run]]\nmodel = \"net\"\nxyzzy = 1\n", at("4:1") + "unknown key 'xyzzy' in run");
    refuse("[data]\ndataset = \"mnist\"\nnormalize = { mean = 0, sd = 1 }\n",
           at("3:25") + "unknown key 'sd' in data.normalize; did you mean 'std'?");
}

TEST_F(ExperimentFile, WrongTypesAreRefused) {
    refuse(data + "[trainer]\nepochs = \"two\"\n", at("3:10") + "trainer.epochs must be an integer, not a string");
    refuse(data + "[trainer]\nepochs = 1.5\n", "trainer.epochs must be an integer, not a real number");
    refuse(data + "[trainer]\noptimizer = \"sgd\"\n", "trainer.optimizer must be a table, not a string");
    refuse(data + "experiment.seeds = 3\n", "experiment.seeds must be an array of integers");
    refuse(data + "experiment.seeds = [1, \"2\"]\n", at("2:24") + "a seed must be an integer");
    refuse(data + "[[run]]\nmodel = \"net2\"\nparams = { p = [0.5] }\n",
           "run.params.p must be a number, a string or a boolean");
    refuse(data + "[[run]]\nmodel = \"net\"\nreference = { test_loss = [\"low\"] }\n",
           "run.reference.test_loss must hold numbers only");
    refuse(data + "[[run]]\nmodel = 7\n", at("3:9") + "run.model must be a string, not an integer");
    refuse(data + "run = 3\n", "run must be a table or an array of tables");
}

TEST_F(ExperimentFile, ValuesOutOfRangeAreRefused) {
    refuse(data + "[trainer]\nepochs = 0\n", at("3:10") + "trainer.epochs = 0 must be between 1");
    refuse(data + "[trainer]\nbatch_size = -64\n", "trainer.batch_size = -64 must be");
    refuse(data + "[trainer]\nloss = \"nl\"\n",
           "trainer.loss must be one of nll, cross_entropy, mse, l1, huber, bce_with_logits, model, not 'nl'; did you "
           "mean "
           "'nll'?");
    refuse(data + "[trainer]\ndevice = \"gpu\"\n", "trainer.device must be auto, cpu, cuda or cuda:N, not 'gpu'");
    refuse(data + "[trainer]\nnumerics = \"quick\"\n", "trainer.numerics must be one of pytorch, fast, not 'quick'");
    refuse(data + "[trainer]\nprecision = \"fp16\"\n",
           "trainer.precision must be one of float32, tf32, bf16, not 'fp16'");
    refuse(data + "[trainer]\noptimizer = { lr = -1.0 }\n", "trainer.optimizer.lr = -1 must be a number from 0");
    refuse(data + "[trainer]\noptimizer = { lr = nan }\n", "trainer.optimizer.lr = nan");
    refuse(data + "[trainer]\noptimizer = { name = \"lion\" }\n", "must be one of sgd, adam, adamw");
    refuse("[data]\ndataset = \"mnist\"\nnormalize = { std = 0.0 }\n", "data.normalize.std = 0 would divide by zero");
    refuse("[data]\ndataset = \"mnist\"\nnormalize = { std = 1e-50 }\n", "would divide by zero (it is a float32)");
    refuse(data + "experiment.seeds = [-1]\n", "a seed must be an integer from 0 up");
    refuse(data + "experiment.name = \"a/b\"\n", "experiment.name = 'a/b' must be made of letters");
}

TEST_F(ExperimentFile, WhatNamesNoRunsIsRefused) {
    refuse(data, "the experiment has no runs");
    refuse("", "the experiment has no runs");
    refuse("[[run]]\nmodel = \"net\"\n", at("2:1") + "no data set is named");
    refuse(data + "[[run]]\nparams = {}\n", "this [[run]] needs a model");
    refuse(data + "[[run]]\nmodle = \"net\"\n", "did you mean 'model'?");
    refuse(data + "[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net\"\n", at("5:1") + "two runs have the id 'net-s1'");
    refuse(data + "[[run]]\nmodel = \"net\"\n", "--only 'nett*': error: it matches no run", {.only = {"nett*"}});
}

TEST_F(ExperimentFile, BadAxesAreRefused) {
    const std::string run = data + "[[run]]\nmodel = \"net2\"\n";
    refuse(run + "grid = { p = [0.5] }\n", at("4:10") + "an axis is params.NAME, trainer.KEY or data.KEY, not 'p'");
    refuse(run + "grid = { \"params.p\" = 0.5 }\n",
           "the axis 'params.p' must be an array of values, not a real number");
    refuse(run + "grid = { \"params.p\" = [] }\n", "must be an array of values, not an empty one");
    refuse(run + "grid = { \"trainer.epoch\" = [1, 2] }\n",
           at("4:29") + "unknown key 'epoch' in trainer; did you mean 'epochs'?");
    refuse(run + "grid = { \"params.p\" = [0.5] }\nreference = { when = { \"params.q\" = 1 } }\n",
           "'params.q' is no axis of this run's grid");
}

TEST_F(ExperimentFile, ReferencesThatBelongNowhereAreRefused) {
    const std::string run = data + "[[run]]\nmodel = \"net2\"\ngrid = { \"params.p\" = [0.5] }\n";
    refuse(run + "reference = { when = { \"params.p\" = 0.3 } }\n",
           "this reference belongs to no point of the run's grid");
    refuse(run + "reference = { tset_loss = [1.0] }\n",
           "unknown key 'tset_loss' in run.reference; did you mean 'test_loss'?");
    refuse(run + "reference = { when = { \"params.p\" = 0.3 }, tset_loss = [1.0] }\n", "did you mean 'test_loss'?");
}

TEST_F(ExperimentFile, AxesWrittenTwiceOrWithEmptyPartsAreRefused) {
    const std::string run = data + "[[run]]\nmodel = \"net2\"\n";
    refuse(run + "grid = { \"params.p\" = [0.1], params.p = [0.2] }\n", "the axis 'params.p' is written twice");
    refuse(run + "grid = { \"params..p\" = [0.1] }\n",
           "an axis is params.NAME, trainer.KEY or data.KEY, not 'params..p'");
}

TEST_F(ExperimentFile, NamesAndIdsFitIntoAFileName) {
    refuse(data + "experiment.name = \"" + std::string(101, 'x') + "\"\n", "at most 100");
    std::string grid;
    for (int i = 0; i < 30; ++i)
        grid += (i > 0 ? ", " : "") + std::string("\"params.quite_long_") + std::to_string(i) + "\" = [0.5]";
    refuse(data + "[[run]]\nmodel = \"net2\"\ngrid = { " + grid + " }\n", "is longer than 240 characters");
}

TEST_F(ExperimentFile, BadSetsAreRefusedByName) {
    const std::string text = data + "[[run]]\nmodel = \"net\"\n";
    refuse(text, "--set trainer.epoch=1: error: unknown key 'epoch' in trainer; did you mean 'epochs'?",
           {.set = {"trainer.epoch=1"}});
    refuse(text, "--set trainer.device=cpu: error: ", {.set = {"trainer.device=cpu"}});
    refuse(text, "a string has quotes", {.set = {"trainer.device=cpu"}});
    refuse(text, "--set takes KEY=VALUE", {.set = {"trainer.epochs"}});
    refuse(text, "--set .=1: error: ", {.set = {".=1"}});
    refuse(text, "--set takes one KEY=VALUE", {.set = {"trainer.epochs=1\n[[run]]\nmodel=\"x\""}});
    refuse(text, "--set cannot reach into [[run]]", {.set = {"run =[{model=\"net2\"}]"}});
    refuse(text, "--set cannot reach into [[run]]", {.set = {"run.model=\"x\""}});
    refuse(text, "trainer.epochs must be an integer, not a boolean", {.set = {"trainer.epochs=true"}});
}

TEST_F(ExperimentFile, BadTomlIsReportedWithItsPlace) {
    refuse("[data\n", at("1:6"));
    refuse("a = 1\na = 2\n", at("2:5"));
    expect_error(ExitCode::usage, "cannot read: No such file", [] { read_experiment("/no/such.toml", {}); });
}

TEST_F(ExperimentFile, LimitsOfARunAreTimesAndSizes) {
    const RunSettings run = read(data +
                                 "[trainer]\ntimeout = \"1.5m\"\nmemory_limit = \"2 GiB\"\ncheckpoint_every = 30\n"
                                 "on_nan = \"fail\"\n[[run]]\nmodel = \"net\"\n")
                                .runs.at(0);
    EXPECT_EQ(run.trainer.timeout, 90.0);
    EXPECT_EQ(run.trainer.memory_limit, std::uint64_t{2} << 30U);
    EXPECT_EQ(run.trainer.checkpoint_every, 30.0);
    EXPECT_EQ(run.trainer.on_nan, OnNan::fail);
    refuse(data + "[trainer]\ntimeout = \"soon\"\n[[run]]\nmodel = \"net\"\n",
           "trainer.timeout must be a time above zero");
    refuse(data + "[trainer]\nmemory_limit = \"-1\"\n[[run]]\nmodel = \"net\"\n",
           "trainer.memory_limit must be a size");
}

}  // namespace
}  // namespace labhost::experiment_test
