// The trainer's state: resumed from a checkpoint of any moment, also one of an earlier labhost, to the same bits.
#include "engine/trainer.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "engine/checkpoint.hpp"
#include "engine/pickle.hpp"
#include "helpers/checkpoint_file.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"
#include "helpers/tiny_run.hpp"

namespace labhost {
namespace {

using testing::TinyRun;
using testing::train_steps;

constexpr int steps_of_an_epoch = 6;  // four of training, two of the test

std::unique_ptr<Trainer> make(const TinyRun& tiny) {
    return make_torch_trainer(tiny.run, tiny.plugin, {}, tiny.dataset, {}, {});
}

/// Weights and metrics, but for the seconds.
std::string numbers_of(const Trainer& trainer) {
    std::string numbers = trainer.state_dict();
    const auto add = [&](const PassMetrics& pass) {
        numbers +=
            fmt::format(" {} {} {} {}", pass.loss, pass.accuracy.value_or(-1.0), pass.correct.value_or(-1), pass.count);
    };
    for (const EpochMetrics& metrics : trainer.history()) {
        numbers += fmt::format("\n{}", metrics.epoch);
        add(metrics.train);
        add(metrics.test);
    }
    return numbers;
}

std::string numbers_of_predictions(const Trainer& trainer) {
    const Predictions predictions = trainer.predictions();
    std::string numbers;
    for (const std::int64_t count : predictions.confusion) numbers += fmt::format("{} ", count);
    for (const auto& mistake : predictions.mistakes) numbers += fmt::format("{} ", mistake.probabilities[0]);
    return numbers;
}

class TrainerTest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto trainer = make(tiny_);
        train_steps(*trainer, tiny_.run.trainer.epochs, /*steps=*/-1);
        numbers_ = numbers_of(*trainer);
        predictions_ = numbers_of_predictions(*trainer);
    }

    /// The checkpoint after so many steps.
    std::string checkpoint_after(int steps) const {
        const auto trainer = make(tiny_);
        train_steps(*trainer, tiny_.run.trainer.epochs, steps);
        return trainer->checkpoint(12.5, "a fingerprint")();
    }

    void expect_the_same_end(const std::filesystem::path& file, const std::string& what) const {
        const auto trainer = make(tiny_);
        EXPECT_EQ(trainer->restore(file, "a fingerprint").seconds, 12.5) << what;
        train_steps(*trainer, tiny_.run.trainer.epochs, /*steps=*/-1);
        EXPECT_EQ(numbers_of(*trainer), numbers_) << what;
        EXPECT_EQ(numbers_of_predictions(*trainer), predictions_) << what;
    }

    testing::TemporaryFolder folder_;
    TinyRun tiny_;
    std::string numbers_;  ///< of the whole run, never interrupted
    std::string predictions_;
};

TEST_F(TrainerTest, ResumesFromAnyStepToTheSameBits) {
    for (int steps = 1; steps <= 3 * steps_of_an_epoch; ++steps)
        expect_the_same_end(folder_.write("c.pt", checkpoint_after(steps)), fmt::format("after {} steps", steps));
}

TEST_F(TrainerTest, ResumesFromTheEndOfAnEpochToTheSameBits) {
    for (int epoch = 1; epoch <= 3; ++epoch) {
        const auto trainer = make(tiny_);
        train_steps(*trainer, epoch, /*steps=*/-1);
        expect_the_same_end(folder_.write("c.pt", trainer->checkpoint(12.5, "a fingerprint")()),
                            fmt::format("after epoch {}", epoch));
    }
}

TEST_F(TrainerTest, ACheckpointIsOfTheMomentAtWhichItWasAskedFor) {
    const auto trainer = make(tiny_);
    train_steps(*trainer, tiny_.run.trainer.epochs, /*steps=*/8);
    const auto write_later = trainer->checkpoint(12.5, "a fingerprint");
    train_steps(*trainer, tiny_.run.trainer.epochs, /*steps=*/-1);
    expect_the_same_end(folder_.write("c.pt", write_later()), "written after the run's end");
}

TEST_F(TrainerTest, SaysWhereItResumes) {
    const auto trainer = make(tiny_);
    const auto at = trainer->restore(folder_.write("c.pt", checkpoint_after(6 + 4 + 1)), "a fingerprint").progress;
    EXPECT_EQ(at.epoch, 2);
    EXPECT_EQ(at.pass, Pass::test);
    EXPECT_EQ(at.batch, 1);
    EXPECT_EQ(at.batches, 2);
    EXPECT_EQ(at.examples, 6);
    EXPECT_EQ(trainer->history().size(), 1U);
}

TEST_F(TrainerTest, NamesWhatACheckpointLacks) {
    const auto file = folder_.write("c.pt", checkpoint_after(6 + 4 + 1));
    const Checkpoint whole = read_checkpoint(file, "a fingerprint");
    for (std::size_t i = 0; i < whole.state.size(); ++i) {
        const std::string name = whole.state[i].first;
        // There is no buffer before a parameter's first step, and checkpoints from before there were schedules lack the
        // rates.
        if (name.find(".buffers.") != std::string::npos || name.ends_with("lr") || name.ends_with("f1") ||
            name.ends_with("momentum_now"))
            continue;
        Checkpoint without = whole;
        without.state.erase(without.state.begin() + static_cast<std::ptrdiff_t>(i));
        folder_.write("c.pt", pack_checkpoint(without));
        const std::string words = name.starts_with("model.")
                                      ? fmt::format("the file has no tensor '{}'", name.substr(6))
                                      : fmt::format("'{}' is missing", name);
        testing::expect_error(ExitCode::usage, words, [&] { make(tiny_)->restore(file, "a fingerprint"); });
    }
}

// ---- format 1

/// The same moment as labhost before format 2 wrote it: rows of numbers by index, with the names of then.
std::string in_format_1(const Checkpoint& made) {
    const StateReader state(made.state, "new");
    const bool in_pass = state.flag("position.in_pass");
    NamedTensors old;
    for (const auto& [name, tensor] : made.state) {
        if (name.starts_with("model.") || name.starts_with("generator.")) old.emplace_back(name, tensor);
        if (name == "optimizer.has_gradient") old.emplace_back("has_gradient", tensor);
        if (name.ends_with(".buffers.momentum_buffer"))  // optimizer.3.buffers.momentum_buffer
            old.emplace_back("momentum." + name.substr(10, name.find('.', 10) - 10), tensor);
        if (name == "loader.order") old.emplace_back("order", tensor);
        if (name == "test.outputs") old.emplace_back("outputs", tensor);
    }
    std::vector<double> history;
    const auto epochs = state.integers("position.history.epoch");
    for (std::size_t i = 0; i < epochs.size(); ++i) {
        history.push_back(static_cast<double>(epochs[i]));
        for (const std::string pass : {"train", "test"}) {
            const StateReader of = state.under("position.history." + pass);
            history.insert(history.end(), {of.reals("loss")[i], of.reals("accuracy")[i],
                                           static_cast<double>(of.integers("correct")[i]),
                                           static_cast<double>(of.integers("count")[i])});
        }
        history.push_back(state.reals("position.history.seconds")[i]);
    }
    const StateReader trained = state.under("position.trained");
    const bool has_trained = trained.has("correct");
    StateWriter writer(old);
    writer.reals("history", history);
    writer.integers("position",
                    {state.integer("position.testing"), in_pass ? 1 : 0, in_pass ? state.integer("loader.position") : 0,
                     in_pass ? state.integer("sums.correct") : 0, in_pass ? state.integer("sums.examples") : 0,
                     has_trained ? trained.integer("correct") : 0, trained.integer("count")});
    writer.reals("sums", {in_pass ? state.real("sums.loss") : 0.0, trained.real("loss"),
                          has_trained ? trained.real("accuracy") : 0.0, state.real("position.seconds"),
                          state.real("position.run_seconds")});
    return testing::checkpoint_file(old, made.fingerprint);
}

TEST_F(TrainerTest, ResumesFromAnyStepOfFormat1ToTheSameBits) {
    for (int steps = 1; steps <= 3 * steps_of_an_epoch; ++steps) {
        const auto file = folder_.write("c.pt", checkpoint_after(steps));
        folder_.write("c.pt", in_format_1(read_checkpoint(file, "a fingerprint")));
        expect_the_same_end(file, fmt::format("after {} steps", steps));
    }
}

/// tests/data holds what labhost wrote at the time. Its weights are of another machine, so the numbers are near.
class Format1 : public TrainerTest {
protected:
    static std::filesystem::path file_of(const std::string& moment) {
        return std::filesystem::path(LABHOST_SOURCE) / "tests/data" / ("checkpoint_v1_" + moment + ".pt");
    }
    std::unique_ptr<Trainer> resumed(const std::string& moment) const {
        auto trainer = make(tiny_);
        EXPECT_EQ(trainer->restore(file_of(moment), "a fingerprint").seconds, 12.5);
        train_steps(*trainer, static_cast<std::int64_t>(trainer->history().size()) + 1, /*steps=*/-1);
        return trainer;
    }
    static void expect(const EpochMetrics& metrics, double train_loss, std::int64_t train_correct, double test_loss,
                       std::int64_t test_correct) {
        EXPECT_NEAR(metrics.train.loss, train_loss, 1e-5);
        EXPECT_EQ(metrics.train.correct, train_correct);
        EXPECT_NEAR(metrics.test.loss, test_loss, 1e-5);
        EXPECT_EQ(metrics.test.correct, test_correct);
        EXPECT_EQ(metrics.train.count, 30);
        EXPECT_EQ(metrics.test.count, 10);
    }
};

TEST_F(Format1, OfTheTimeIsResumedInTraining) {
    const auto trainer = resumed("training");
    ASSERT_EQ(trainer->history().size(), 2U);
    expect(trainer->history()[0], 1.1119574228922526, 14, 1.4108954429626466, 2);
    expect(trainer->history()[1], 1.198325761159261, 11, 1.4042455673217773, 1);
}

TEST_F(Format1, OfTheTimeIsResumedInATest) {
    const auto trainer = resumed("test");
    ASSERT_EQ(trainer->history().size(), 2U);
    expect(trainer->history()[1], 1.198325761159261, 11, 1.4042455673217773, 1);
}

TEST_F(Format1, OfTheTimeIsResumedAtTheEnd) {
    const auto trainer = resumed("finished");
    ASSERT_EQ(trainer->history().size(), 4U);
    expect(trainer->history()[2], 1.0573998928070067, 13, 1.3849861145019531, 1);
    expect(trainer->history()[3], 0.89674410820007322, 18, 1.379221248626709, 1);
}

TEST_F(Format1, NamesWhatItLacks) {
    for (const std::string name : {"position", "sums", "history", "order", "outputs", "has_gradient"}) {
        NamedTensors tensors = unpickle_state_dict(file_of("test"));
        tensors.resize(tensors.size() - 2);  // fingerprint, digest
        std::erase_if(tensors, [&](const auto& item) { return item.first == name; });
        const auto file = folder_.write("c.pt", testing::checkpoint_file(tensors, "a fingerprint"));
        testing::expect_error(ExitCode::usage, name + "' is missing",
                              [&] { make(tiny_)->restore(file, "a fingerprint"); });
    }
}

}  // namespace
}  // namespace labhost
