// Optimizers, schedules and what else a run is trained with, as the experiment file says it: what a table starts from,
// how layers merge, what is refused.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/experiment.hpp"
#include "config/keys.hpp"
#include "config/run_checks.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"

namespace labhost::trainer_settings_test {
namespace {

using testing::expect_error;

class TrainerSettingsTest : public ::testing::Test {
protected:
    /// The runs of a file with these lines before its only [[run]], and these in it.
    std::vector<RunSettings> runs(const std::string& lines, const std::string& of_run = "",
                                  const std::vector<std::string>& set = {}) {
        const std::string text =
            fmt::format("data.dataset = \"mnist\"\n{}\n[[run]]\nmodel = \"net\"\n{}\n", lines, of_run);
        return read_experiment(folder_.write("e.toml", text), {.set = set}).runs;
    }
    std::string optimizer_of(const std::string& lines, const std::string& of_run = "",
                             const std::vector<std::string>& set = {}) {
        return json_of(runs(lines, of_run, set).at(0).trainer.optimizer).dump();
    }
    std::string schedule_of(const std::string& lines, const std::string& of_run = "",
                            const std::vector<std::string>& set = {}) {
        return json_of(runs(lines, of_run, set).at(0).trainer.schedule.value()).dump();
    }
    std::vector<std::string> ids(const std::string& of_run) {
        std::vector<std::string> ids;
        for (const RunSettings& run : runs("", of_run)) ids.push_back(run.id);
        return ids;
    }
    void refuse(const std::string& lines, const std::string& words) {
        expect_error(ExitCode::usage, words, [&] { runs(lines); });
    }
    void refuse_run(const std::string& of_run, const std::string& words) {
        expect_error(ExitCode::usage, words, [&] { runs("", of_run); });
    }
    void refuse_schedule(const std::string& table, const std::string& words) {
        refuse(fmt::format("trainer.schedule = {}", table), words);
    }
    std::string at(const std::string& place) { return (folder_ / "e.toml").native() + ":" + place + ": error: "; }

    testing::TemporaryFolder folder_;
    using Ids = std::vector<std::string>;
};

using OptimizerKeys = TrainerSettingsTest;
using ScheduleKeys = TrainerSettingsTest;
using GroupKeys = TrainerSettingsTest;
using ValidationKeys = TrainerSettingsTest;

// ---- optimizers

TEST_F(OptimizerKeys, WithoutANameFillTheNotebooks) {
    EXPECT_EQ(optimizer_of(""), R"({"name":"sgd","lr":0.01,"momentum":0.5})");
    EXPECT_EQ(optimizer_of("trainer.optimizer = { lr = 0.1 }"), R"({"name":"sgd","lr":0.1,"momentum":0.5})");
    EXPECT_EQ(optimizer_of("trainer.optimizer = { nesterov = true }"),
              R"({"name":"sgd","lr":0.01,"momentum":0.5,"nesterov":true})");
}

TEST_F(OptimizerKeys, WithANameStartFromTorchsDefaults) {
    EXPECT_EQ(optimizer_of("trainer.optimizer = { name = \"sgd\", lr = 0.1 }"),
              R"({"name":"sgd","lr":0.1,"momentum":0.0})");
    EXPECT_EQ(optimizer_of("trainer.optimizer = { name = \"adamw\" }"), R"({"name":"adamw","lr":0.001})");
    const Arguments adamw = runs("trainer.optimizer.name = \"adamw\"").at(0).trainer.optimizer.arguments();
    EXPECT_EQ(adamw.numbers("betas"), (std::vector<double>{0.9, 0.999}));
    EXPECT_EQ(adamw.number("eps"), 1e-8);
    EXPECT_EQ(adamw.number("weight_decay"), 1e-2);
    EXPECT_FALSE(adamw.flag("amsgrad"));
}

TEST_F(OptimizerKeys, AreRecordedWithWhatIsNotAtItsDefault) {
    EXPECT_EQ(optimizer_of("trainer.optimizer = { name = \"adam\", betas = [0.9, 0.98], eps = 1e-8, amsgrad = true }"),
              R"({"name":"adam","lr":0.001,"betas":[0.9,0.98],"amsgrad":true})");
}

TEST_F(OptimizerKeys, AnotherNameTakesThePlaceAndTheSameMerges) {
    const std::string adam = "trainer.optimizer = { name = \"adam\", lr = 0.1, eps = 0.5 }";
    EXPECT_EQ(optimizer_of(adam, "trainer.optimizer = { lr = 0.2 }"), R"({"name":"adam","lr":0.2,"eps":0.5})");
    EXPECT_EQ(optimizer_of(adam, "trainer.optimizer = { name = \"adam\", lr = 0.2 }"),
              R"({"name":"adam","lr":0.2,"eps":0.5})");
    EXPECT_EQ(optimizer_of(adam, "trainer.optimizer = { name = \"radam\" }"), R"({"name":"radam","lr":0.001})");
    EXPECT_EQ(optimizer_of("trainer.optimizer = { lr = 0.1 }", "trainer.optimizer.name = \"adam\""),
              R"({"name":"adam","lr":0.001})");
}

TEST_F(OptimizerKeys, SetChangesTheFileAndAnotherNameReplacesItsTable) {
    const std::string adam = "trainer.optimizer = { name = \"adam\", lr = 0.1, eps = 0.5 }";
    EXPECT_EQ(optimizer_of(adam, "", {"trainer.optimizer.lr=0.2"}), R"({"name":"adam","lr":0.2,"eps":0.5})");
    EXPECT_EQ(optimizer_of(adam, "", {"trainer.optimizer.name=\"radam\""}), R"({"name":"radam","lr":0.001})");
    EXPECT_EQ(optimizer_of("trainer.optimizer = { lr = 0.1, momentum = 0.9 }", "", {"trainer.optimizer.name=\"adam\""}),
              R"({"name":"adam","lr":0.001})");
    EXPECT_EQ(optimizer_of("trainer.optimizer = { lr = 0.1 }", "", {"trainer.optimizer.name=\"sgd\""}),
              R"({"name":"sgd","lr":0.1,"momentum":0.0})");
}

TEST_F(OptimizerKeys, OfSgdNeedALearningRateWhereverItComesFrom) {
    refuse("trainer.optimizer = { name = \"sgd\", momentum = 0.9 }",
           at("2:21") + "trainer.optimizer: sgd needs lr, for instance lr = 0.01");
    EXPECT_EQ(runs("trainer.optimizer.name = \"sgd\"", "grid = { \"trainer.optimizer.lr\" = [0.1, 0.2] }").size(), 2U);
}

TEST_F(OptimizerKeys, HaveNoArgumentsOfOthers) {
    refuse("trainer.optimizer = { name = \"adam\", momentum = 0.9 }",
           at("2:38") + "adam has no momentum; it has lr, betas, eps, weight_decay, amsgrad");
    refuse("trainer.optimizer = { betas = [0.9, 0.99] }",
           "sgd has no betas; it has lr, momentum, dampening, weight_decay, nesterov");
    refuse("trainer.optimizer = { name = \"adam\", weight_decai = 0.1 }",
           "unknown key 'weight_decai' in trainer.optimizer; did you mean 'weight_decay'?");
    refuse("trainer.optimizer = { name = \"adamm\" }", "not 'adamm'; did you mean 'adam'?");
}

TEST_F(OptimizerKeys, AreCheckedForTheirRangeAndAsFloat32) {
    const auto refuse_adam = [&](const std::string& more, const std::string& words) {
        refuse(fmt::format("trainer.optimizer = {{ name = \"adam\", {} }}", more), words);
    };
    refuse_adam("lr = -0.1", "trainer.optimizer.lr = -0.1 must be a number from 0");
    refuse_adam("lr = inf", "trainer.optimizer.lr = inf must be a number from 0");
    refuse_adam("lr = 1e39", "trainer.optimizer.lr = 1e+39 is infinite as a float32");
    refuse_adam("eps = 1e-50", "trainer.optimizer.eps = 1e-50 is 0 as a float32");
    refuse_adam("betas = [0.9, 1.0]", "trainer.optimizer.betas = 1 must be two numbers, each from 0 to below 1");
    refuse_adam("betas = [0.9]", "trainer.optimizer.betas must be two numbers, each from 0 to below 1, not an array");
    refuse_adam("betas = 0.9", "must be two numbers, each from 0 to below 1, not a real number");
    refuse_adam("amsgrad = 1", "trainer.optimizer.amsgrad must be true or false, not an integer");
    refuse("trainer.optimizer = { name = \"sgd\", lr = 0.1, nesterov = true }",
           "trainer.optimizer: sgd: Nesterov's needs a momentum, and no dampening");
    refuse("trainer.optimizer = { name = \"rprop\", etas = [1.5, 2] }", "the first of etas must be below 1");
}

TEST_F(OptimizerKeys, AreAxesAsTables) {
    EXPECT_EQ(ids("grid = { \"trainer.optimizer\" = [{ name = \"sgd\", lr = 0.1 }, { name = \"adam\", lr = 0.001, "
                  "betas = [0.9, 0.98] }, { name = \"adam\", lr = 0.1 }] }"),
              (Ids{"net-sgd-lr0.1-s1", "net-adam-betas0.9_0.98-lr0.001-s1", "net-adam-lr0.1-s1"}));
    EXPECT_EQ(ids("grid = { \"trainer.optimizer\" = [{ name = \"adam\" }, { name = \"radam\" }] }"),
              (Ids{"net-adam-s1", "net-radam-s1"}));
    refuse_run("grid = { \"trainer.optimizer\" = [{ name = \"adam\" }, { name = \"adam\" }] }",
               "the axis 'trainer.optimizer' has the value adam twice");
    refuse_run("grid = { \"trainer.optimizer\" = [{ name = \"adam\" }, 0.1] }", "must hold tables only, or none");
    refuse_run("grid = { \"trainer.epochs\" = [{ name = \"adam\" }] }", "not a table");
}

TEST_F(OptimizerKeys, AnAxisMustNotUndoAnEarlierOne) {
    refuse_run("grid = { \"trainer.optimizer.lr\" = [0.1], \"trainer.optimizer.name\" = [\"adam\"] }",
               "the axis 'trainer.optimizer.name' would undo 'trainer.optimizer.lr'");
    EXPECT_EQ(optimizer_of("", "grid = { \"trainer.optimizer.name\" = [\"adam\"], \"trainer.optimizer.lr\" = [0.1] }"),
              R"({"name":"adam","lr":0.1})");
}

// ---- groups

TEST_F(GroupKeys, HaveArgumentsOfTheOptimizer) {
    const auto run = runs(
                         "[trainer]\noptimizer = { name = \"adamw\" }\n"
                         "groups = [{ match = \"*.bias\", weight_decay = 0.0 }, { match = \"conv*\", lr = 0.5 }]")
                         .at(0);
    ASSERT_EQ(run.trainer.groups.size(), 2U);
    EXPECT_EQ(run.trainer.groups[0].match, "*.bias");
    const Arguments first = arguments_of(run.trainer.optimizer, run.trainer.groups[0]);
    EXPECT_EQ(first.number("weight_decay"), 0.0);
    EXPECT_EQ(first.number("lr"), 0.001);
    EXPECT_EQ(values_of(trainer_keys(), run.trainer, Use::record).at("groups").dump(),
              R"([{"match":"*.bias","weight_decay":0.0},{"match":"conv*","lr":0.5}])");
    refuse("[trainer]\noptimizer = { name = \"adam\" }\ngroups = [{ match = \"*\", momentum = 0.5 }]",
           "trainer.groups: adam has no momentum");
    refuse("trainer.groups = [{ weight_decay = 0.5 }]", "a group of trainer.groups needs match");
    refuse("trainer.groups = [{ match = \"*\", weight = 0.5 }]", "unknown key 'weight' in trainer.groups");
    refuse("trainer.groups = [{ match = \"*\", nesterov = true, momentum = 0.0 }]", "Nesterov's needs a momentum");
}

// ---- schedules

TEST_F(ScheduleKeys, AreRecordedByTheirNameAndWhatIsNotAtItsDefault) {
    EXPECT_EQ(schedule_of("trainer.schedule = { name = \"step\", step_size = 3 }"), R"({"name":"step","step_size":3})");
    EXPECT_EQ(schedule_of("trainer.schedule = { name = \"step\", step_size = 3, gamma = 0.5, every = \"step\" }"),
              R"({"name":"step","step_size":3,"gamma":0.5,"every":"step"})");
    EXPECT_EQ(schedule_of("trainer.schedule = { name = \"one_cycle\", max_lr = 0.1, every = \"step\" }"),
              R"({"name":"one_cycle","max_lr":0.1})");
}

TEST_F(ScheduleKeys, StepWithEpochsButOneCycleAndCyclicWithTheOptimizer) {
    const auto steps = [&](const std::string& table) {
        return runs("trainer.schedule = " + table).at(0).trainer.schedule->steps();
    };
    EXPECT_EQ(steps("{ name = \"linear\" }"), Every::epoch);
    EXPECT_EQ(steps("{ name = \"one_cycle\", max_lr = 0.1 }"), Every::step);
    EXPECT_EQ(steps("{ name = \"cyclic\", base_lr = 0.1, max_lr = 0.2 }"), Every::step);
    EXPECT_EQ(steps("{ name = \"sequential\", milestones = [2], schedules = [{ name = \"linear\" }, { name = "
                    "\"constant\" }] }"),
              Every::epoch);
}

TEST_F(ScheduleKeys, AnotherNameTakesThePlaceAndTheSameMerges) {
    const std::string step = "trainer.schedule = { name = \"step\", step_size = 3, gamma = 0.5 }";
    EXPECT_EQ(schedule_of(step, "trainer.schedule.gamma = 0.25"), R"({"name":"step","step_size":3,"gamma":0.25})");
    EXPECT_EQ(schedule_of(step, "trainer.schedule = { name = \"exponential\", gamma = 0.75 }"),
              R"({"name":"exponential","gamma":0.75})");
    EXPECT_EQ(schedule_of(step, "", {"trainer.schedule={name=\"exponential\",gamma=0.75}"}),
              R"({"name":"exponential","gamma":0.75})");
}

TEST_F(ScheduleKeys, SayWhatIsMissingOrDoesNotGoTogether) {
    refuse_schedule("{ step_size = 2 }", "trainer.schedule needs a name, one of constant, linear, step");
    refuse_schedule("{ name = \"stepp\" }", "did you mean 'step'?");
    refuse_schedule("{ name = \"step\" }", at("2:20") + "trainer.schedule: step needs step_size");
    refuse_schedule("{ name = \"step\", step_size = 0 }", "trainer.schedule.step_size = 0 must be an integer from 1");
    refuse_schedule("{ name = \"step\", step_size = 1, T_max = 3 }", "step has no T_max; it has step_size, gamma");
    refuse_schedule("{ name = \"step\", step_size = 1, every = \"batch\" }", "must be one of epoch, step");
    refuse_schedule("{ name = \"reduce_on_plateau\", every = \"step\" }", "follows a metric of an epoch, not steps");
    refuse_schedule("{ name = \"reduce_on_plateau\", metric = \"validation.loss\" }",
                    "trainer.schedule follows validation.loss, and no part of the training data is kept");
    refuse_schedule("{ name = \"reduce_on_plateau\", metric = \"validaton.loss\" }",
                    "is no metric of an epoch; did you mean 'validation.loss'? (there are train.loss, ");
    refuse_schedule("{ name = \"reduce_on_plateau\", metric = \"seconds\" }",
                    "= 'seconds' is no metric of an epoch (there are train.loss, ");
    refuse("[trainer]\noptimizer = { name = \"adagrad\" }\nschedule = { name = \"one_cycle\", max_lr = 0.1 }",
           "one_cycle cycles a momentum, and adagrad has none: write cycle_momentum = false");
}

TEST_F(ScheduleKeys, InASequenceHaveOneMilestoneLess) {
    const auto sequence = [](const std::string& inner, const std::string& milestones) {
        return fmt::format("{{ name = \"sequential\", milestones = {}, schedules = [{}] }}", milestones, inner);
    };
    const std::string linear = "{ name = \"linear\" }";
    EXPECT_EQ(
        schedule_of("trainer.schedule = " + sequence(linear + ", { name = \"cosine_annealing\", T_max = 7 }", "[5]")),
        R"({"name":"sequential","milestones":[5],"schedules":[{"name":"linear"},)"
        R"({"name":"cosine_annealing","T_max":7}]})");
    refuse_schedule(sequence(linear, "[]"), "sequential needs two schedules or more, and one milestone less; it has 1");
    refuse_schedule(sequence(linear + ", " + linear, "[1, 2]"), "it has 2 and 2");
    refuse_schedule(sequence(linear + ", " + linear + ", " + linear, "[3, 2]"), "its milestones must not decrease");
    refuse_schedule(sequence(linear + ", { name = \"reduce_on_plateau\" }", "[3]"),
                    "reduce_on_plateau cannot be a part of sequential");
    refuse_schedule(sequence(linear + ", { name = \"one_cycle\", max_lr = 0.1 }", "[3]"),
                    "one_cycle needs total_steps within a sequential");
    refuse_schedule(sequence(linear + ", { name = \"step\", step_size = 1, every = \"step\" }", "[3]"),
                    "every stands at the top of trainer.schedule only");
}

TEST_F(ScheduleKeys, InSequencesAreToldApartByWhatIsInThem) {
    const auto sequence = [](const std::string& start) {
        return fmt::format(
            "{{ name = \"sequential\", milestones = [5], schedules = [{{ name = \"linear\", start_factor = "
            "{} }}, {{ name = \"constant\" }}] }}",
            start);
    };
    EXPECT_EQ(ids(fmt::format("grid = {{ \"trainer.schedule\" = [{}, {}] }}", sequence("0.1"), sequence("0.01"))),
              (Ids{"net-sequential-schedules1.start_factor0.1-s1", "net-sequential-schedules1.start_factor0.01-s1"}));
}

// ---- validation, and what follows it

TEST_F(ValidationKeys, IsACountOrAFractionOfTheTrainingData) {
    EXPECT_EQ(runs("data.validation.count = 10").at(0).data.validation->count, 10);
    const auto run = runs("data.validation = { count = 10, seed = 3 }", "data.validation.fraction = 0.25").at(0);
    EXPECT_FALSE(run.data.validation->count) << "what is written last stands";
    EXPECT_EQ(run.data.validation->fraction, 0.25);
    EXPECT_EQ(run.data.validation->seed, 3U);
    refuse("data.validation = { count = 10, fraction = 0.5 }", "cannot go with count");
    refuse("data.validation = { fraction = 1.0 }", "must be above 0 and below 1");
    refuse("data.validation = { seed = 1 }", "data.validation needs count or fraction");
    EXPECT_FALSE(
        runs("data.validation.fraction = 0.5", "", {"data.validation.count=10"}).at(0).data.validation->fraction)
        << "--set changes the one for the other";
    refuse_run("grid = { \"data.validation.count\" = [5], \"data.validation.fraction\" = [0.1] }",
               "the axis 'data.validation.fraction' would undo 'data.validation.count'");
}

TEST_F(ValidationKeys, IsNeededByWhatFollowsIt) {
    refuse("trainer.stop = { patience = 2 }", "trainer.stop follows validation.loss, and no part");
    refuse("trainer.stop = { metric = \"train.loss\" }", "trainer.stop needs patience");
    refuse("trainer.keep = \"best\"", "trainer.keep follows validation.loss, and no part");
    EXPECT_EQ(
        keep_metric(runs("[trainer]\nkeep = \"best\"\nstop = { metric = \"train.loss\", patience = 1 }").at(0).trainer),
        "train.loss");
    const std::string plateau = "trainer.schedule.name = \"reduce_on_plateau\"";
    const auto without = runs(plateau).at(0);
    EXPECT_EQ(plateau_metric(*without.trainer.schedule, without.data), "train.loss");
    const auto with = runs(plateau + "\ndata.validation.count = 5").at(0);
    EXPECT_EQ(plateau_metric(*with.trainer.schedule, with.data), "validation.loss");
}

TEST_F(TrainerSettingsTest, LabelSmoothingIsOfCrossEntropy) {
    refuse("\ntrainer.label_smoothing = 0.1",
           at("3:9") + "trainer.label_smoothing goes with loss = \"cross_entropy\" only");
    EXPECT_EQ(runs("[trainer]\nlabel_smoothing = 0.1\nloss = \"cross_entropy\"").at(0).trainer.label_smoothing, 0.1);
}

TEST_F(TrainerSettingsTest, AugmentationIsAnAxisToo) {
    EXPECT_EQ(ids("grid = { \"data.augment\" = [{}, { random_crop = { padding = 4 }, random_rotation = 10 }] }"),
              (Ids{"net-none-s1", "net-random_crop.padding4-random_rotation10-s1"}));
    refuse("data.augment = { random_crop = {} }", "data.augment.random_crop needs padding");
    refuse("data.augment = { rotation = 10 }",
           "unknown key 'rotation' in data.augment; did you mean 'random_rotation'?");
    refuse("data.augment = { random_crop = { paddin = 2 } }", "unknown key 'paddin' in data.augment.random_crop");
    refuse("data.augment = { random_erasing = 1.5 }", "data.augment.random_erasing = 1.5 must be between 0 and 1");
}

}  // namespace
}  // namespace labhost::trainer_settings_test
