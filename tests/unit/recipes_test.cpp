// Whatever a run is trained with: it is resumed from a checkpoint of any moment, and a longer run from a shorter one's,
// to the same bits.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "engine/trainer.hpp"
#include "helpers/temporary_folder.hpp"
#include "helpers/tiny_run.hpp"

namespace labhost {
namespace {

using testing::TinyRun;
using testing::train_steps;

/// Keys of [trainer] and [data].
struct Recipe {
    std::string name{};
    std::string trainer{};
    std::string data{};
};

const std::string validation = "validation = { count = 7, seed = 3 }";

std::vector<Recipe> recipes() {
    std::vector<Recipe> all{
        {"sgd_in_full",
         "optimizer = { name = \"sgd\", lr = 0.05, momentum = 0.9, dampening = 0.1, weight_decay = 0.01 }", ""},
        {"amsgrad", "optimizer = { name = \"adam\", lr = 0.05, amsgrad = true, weight_decay = 0.01 }", ""},
        {"centered", "optimizer = { name = \"rmsprop\", lr = 0.01, centered = true, momentum = 0.5 }", ""},
        {"groups",
         "optimizer.name = \"adamw\"\ngroups = [{ match = \"*.bias\", weight_decay = 0.0, lr = 0.1 }, { match = "
         "\"*.bias\" }]",
         ""},
        {"one_cycle", "optimizer.name = \"adam\"\nschedule = { name = \"one_cycle\", max_lr = 0.1 }", ""},
        {"warm_up_by_steps",
         "schedule = { name = \"sequential\", every = \"step\", milestones = [3], schedules = [{ name = \"linear\", "
         "total_iters = 3 }, { name = \"cosine_annealing\", T_max = 9 }] }",
         ""},
        {"cyclic",
         "schedule = { name = \"cyclic\", base_lr = 0.01, max_lr = 0.1, step_size_up = 3, mode = \"triangular2\" }",
         ""},
        {"plateau",
         "schedule = { name = \"reduce_on_plateau\", patience = 0, threshold = 0.5, metric = \"validation.loss\" }",
         validation},
        {"clipped", "clip_grad_value = 0.05\nclip_grad_norm = 0.1", ""},
        {"accumulated", "accumulate = 3\noptimizer.name = \"adam\"", ""},
        {"averaged", "ema = { decay = 0.7 }", validation},
        {"best_of_the_averaged", "ema = { decay = 0.7 }\nkeep = \"best\"", validation},
        {"stopped", "stop = { metric = \"train.loss\", patience = 1, min_delta = 10.0 }", ""},
        {"augmented", "",
         "augment = { random_crop = { padding = 1 }, random_horizontal_flip = 0.5, random_rotation = 30, "
         "random_erasing = 0.5 }"},
        {"in_order", "", "shuffle = false\ndrop_last = true"},
        {"weighted", "accumulate = 2", "class_weights = [0.5, 3.0, 1.5]"},
        {"stratified", "keep = \"best\"", "validation = { count = 7, seed = 3, stratify = true }"},
    };
    for (const Algorithm& optimizer : optimizer_family().all)
        all.push_back({optimizer.name,
                       fmt::format("optimizer = {{ name = \"{}\", lr = 0.02 }}\nschedule = {{ name = \"step\", "
                                   "step_size = 1, gamma = 0.5 }}",
                                   optimizer.name),
                       ""});
    return all;
}

class RecipeTest : public ::testing::TestWithParam<Recipe> {
protected:
    RecipeTest() {
        read(trainer_keys(), GetParam().trainer, tiny_.run.trainer);
        read(data_keys(), GetParam().data, tiny_.run.data);
    }

    std::unique_ptr<Trainer> make(std::int64_t epochs = 3) {
        tiny_.run.trainer.epochs = epochs;
        return make_torch_trainer(tiny_.run, tiny_.plugin, {}, tiny_.dataset, {}, {});
    }

    /// Everything that it leaves.
    static std::string numbers_of(const Trainer& trainer) {
        std::string numbers = fmt::format("{} {}", trainer.kept_epoch(), trainer.state_dict());
        for (const EpochMetrics& epoch : trainer.history()) {
            numbers += fmt::format("\n{} {}", epoch.epoch, epoch.lr.value());
            for (const char* metric : {"train.loss", "train.correct", "validation.loss", "validation.correct",
                                       "test.loss", "test.correct", "test.f1"})
                numbers += fmt::format(" {}", metric_of(epoch, metric).value_or(-1.0));
        }
        for (const std::int64_t count : trainer.predictions().confusion) numbers += fmt::format(" {}", count);
        return numbers;
    }

    static std::string end_of(Trainer& trainer) {
        while (!trainer.finished()) trainer.run_epoch([](const Progress&) { return true; });
        return numbers_of(trainer);
    }

    testing::TemporaryFolder folder_;
    TinyRun tiny_;

private:
    template <class Settings>
    static void read(const Keys<Settings>& keys, const std::string& text, Settings& settings) {
        const toml::table table = toml::parse(text);
        read_keys(keys, StrictTable(table, "", {}), "/", settings);
    }
};

TEST_P(RecipeTest, IsResumedFromAnyStepToTheSameBits) {
    const std::string expected = end_of(*make());
    bool finished = false;
    for (int steps = 1; !finished; ++steps) {
        const auto trainer = make();
        int left = steps;
        while (left > 0 && !trainer->finished()) trainer->run_epoch([&](const Progress&) { return --left > 0; });
        finished = trainer->finished();
        const auto file = folder_.write("c.pt", trainer->checkpoint(12.5, "a fingerprint")());
        const auto resumed = make();
        resumed->restore(file, "a fingerprint");
        EXPECT_EQ(end_of(*resumed), expected) << "after " << steps << " steps";
    }
}

TEST_P(RecipeTest, GoesOnFromAShorterRunToTheSameBits) {
    if (GetParam().name == "one_cycle") GTEST_SKIP() << "it depends on how many epochs there are";
    const auto shorter = make(2);
    end_of(*shorter);
    const auto file = folder_.write("c.pt", shorter->checkpoint(12.5, "a fingerprint")());
    const std::string expected = end_of(*make(4));
    const auto longer = make(4);
    longer->restore(file, "a fingerprint");
    EXPECT_EQ(end_of(*longer), expected);
}

/// One pass of the fast kernels and the operators one by one differ in rounding only.
TEST_P(RecipeTest, HasTheSameValuesInFastNumerics) {
    const auto slow = make();
    end_of(*slow);
    tiny_.run.trainer.numerics = Numerics::fast;
    const auto fast = make();
    end_of(*fast);
    ASSERT_EQ(fast->history().size(), slow->history().size());
    for (std::size_t i = 0; i < slow->history().size(); ++i) {
        EXPECT_NEAR(fast->history()[i].train.loss, slow->history()[i].train.loss, 2e-4) << "epoch " << i + 1;
        EXPECT_NEAR(fast->history()[i].test.loss, slow->history()[i].test.loss, 2e-4) << "epoch " << i + 1;
    }
}

INSTANTIATE_TEST_SUITE_P(Recipes, RecipeTest, ::testing::ValuesIn(recipes()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace labhost
