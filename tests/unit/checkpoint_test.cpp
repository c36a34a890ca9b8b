// A checkpoint's file: parts under names of their own, and what the manager of the file knows beside them.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "engine/checkpoint.hpp"
#include "engine/position.hpp"
#include "helpers/checkpoint_file.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"

namespace labhost {
namespace {

/// A part with a part in it.
struct Schedule final : Stateful {
    double rate = 0.0;
    std::vector<std::int64_t> milestones{};
    torch::Tensor average{};
    bool warm = false;

    void save(StateWriter state) const override {
        state.real("rate", rate);
        state.integers("milestones", milestones);
        state.under("ema").tensor("average", average);
        state.flag("warm", warm);
    }
    void load(const StateReader& state) override {
        rate = state.real("rate");
        milestones = state.integers("milestones");
        average = state.under("ema").tensor("average", torch::kFloat32, {2, 3});
        warm = state.flag("warm");
    }
};

Schedule some_schedule() {
    Schedule schedule;
    schedule.rate = 0.1;
    schedule.milestones = {3, 5, 8};
    schedule.average = torch::arange(6, torch::kFloat32).view({2, 3});
    schedule.warm = true;
    return schedule;
}

std::vector<std::string> names_in(const NamedTensors& tensors) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors) names.push_back(name);
    return names;
}

class CheckpointTest : public ::testing::Test {
protected:
    std::filesystem::path write(const Checkpoint& checkpoint) const {
        return folder_.write("c.pt", pack_checkpoint(checkpoint));
    }

    testing::TemporaryFolder folder_;
    Schedule schedule_ = some_schedule();
    NamedTensors state_ = state_of({{"schedule", &schedule_}});
};

TEST_F(CheckpointTest, PartsComeBackUnderTheirNames) {
    EXPECT_EQ(names_in(state_), (std::vector<std::string>{"schedule.rate", "schedule.milestones",
                                                          "schedule.ema.average", "schedule.warm"}));
    const Checkpoint read = read_checkpoint(write({.state = state_, .gpu = "", .fingerprint = "print"}), "print");
    EXPECT_EQ(names_in(read.state), names_in(state_));
    Schedule restored;
    restored.load(StateReader(read.state, "c.pt").under("schedule"));
    EXPECT_EQ(restored.rate, 0.1);
    EXPECT_EQ(restored.milestones, (std::vector<std::int64_t>{3, 5, 8}));
    EXPECT_TRUE(torch::equal(restored.average, schedule_.average));
    EXPECT_TRUE(restored.warm);
}

TEST_F(CheckpointTest, HoldsTheMomentAtWhichItWasMade) {
    schedule_.average.zero_();
    EXPECT_EQ(state_[2].second.sum().item<float>(), 15.0F);
}

TEST_F(CheckpointTest, PositionComesBackWhole) {
    Position position;
    position.history = {{.epoch = 1,
                         .train = {.loss = 1.25, .accuracy = 50.5, .correct = 5, .count = 10},
                         .test = {.loss = 2.25, .accuracy = 60.5, .correct = 6, .count = 11},
                         .seconds = 3.5},
                        {.epoch = 2,
                         .train = {.loss = 1.5, .accuracy = 51.5, .correct = 7, .count = 12},
                         .test = {.loss = 2.5, .accuracy = 61.5, .correct = 8, .count = 13},
                         .seconds = 4.5}};
    position.pass = Pass::test;
    position.in_pass = true;
    position.so_far.train = {.loss = 0.5, .accuracy = 70.5, .correct = 9, .count = 14};
    position.seconds = 5.5;
    position.run_seconds = 6.5;
    const NamedTensors state = state_of({{"position", &position}});
    Position read;
    read.load(StateReader(state, "c.pt").under("position"));
    // Saved again it is the same, value for value; and each value has a name of its own.
    const NamedTensors again = state_of({{"position", &read}});
    ASSERT_EQ(names_in(again), names_in(state));
    for (std::size_t i = 0; i < state.size(); ++i)
        EXPECT_TRUE(torch::equal(again[i].second, state[i].second)) << state[i].first;
    EXPECT_EQ(read.history[1].test.correct, 8);
    EXPECT_EQ(read.history[1].train.loss, 1.5);
    EXPECT_EQ(read.so_far.train.count, 14);
    EXPECT_TRUE(read.pass == Pass::test && read.in_pass);
    EXPECT_EQ(read.epoch(), 3);
    EXPECT_EQ(read.seconds, 5.5);
    EXPECT_EQ(read.run_seconds, 6.5);
}

TEST_F(CheckpointTest, NamesTheValueThatIsMissing) {
    const auto load = [&](const NamedTensors& tensors) {
        Schedule().load(StateReader(tensors, "c.pt").under("schedule"));
    };
    for (std::size_t i = 0; i < state_.size(); ++i) {
        NamedTensors without = state_;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
        testing::expect_error(ExitCode::usage, "c.pt: error: '" + state_[i].first + "' is missing",
                              [&] { load(without); });
    }
}

TEST_F(CheckpointTest, NamesTheValueThatIsOfAnotherForm) {
    const auto load_with = [&](std::size_t i, const torch::Tensor& value) {
        NamedTensors changed = state_;
        changed[i].second = value;
        Schedule().load(StateReader(changed, "c.pt").under("schedule"));
    };
    testing::expect_error(ExitCode::usage, "'schedule.rate' is Long [1], and Double is wanted",
                          [&] { load_with(0, torch::ones({1}, torch::kInt64)); });
    testing::expect_error(ExitCode::usage, "'schedule.rate' is Double [2], and Double [1] is wanted",
                          [&] { load_with(0, torch::ones({2}, torch::kFloat64)); });
    testing::expect_error(ExitCode::usage, "'schedule.ema.average' is Float [3, 2], and Float [2, 3] is wanted", [&] {
        load_with(2, torch::ones({3, 2}));
    });
}

TEST_F(CheckpointTest, OfANewerFormatIsRefusedWithWhatToDo) {
    NamedTensors tensors = state_;
    tensors.emplace_back("format", torch::tensor({checkpoint_format + 1}, torch::kInt64));
    const auto file = folder_.write("c.pt", testing::checkpoint_file(tensors, "print"));
    testing::expect_error(ExitCode::usage,
                          "c.pt: error: a newer labhost made it (format 3, this one reads up to 2); resume the run "
                          "with that one, from this file",
                          [&] { read_checkpoint(file, "print"); });
}

TEST_F(CheckpointTest, SaysOnWhichGpuItWasMade) {
    const std::string gpu = R"({"gpu":"NVIDIA H200","cudnn":"9.12.0"})";
    const auto file = write({.state = state_, .gpu = gpu, .fingerprint = "print"});
    EXPECT_EQ(read_checkpoint(file, "print").gpu, gpu);
    EXPECT_EQ(read_checkpoint(write({.state = state_, .gpu = "", .fingerprint = "print"}), "print").gpu, "");
}

TEST_F(CheckpointTest, OfAnotherRunIsRefusedWhereverItWasMade) {
    const auto file = write({.state = state_, .gpu = "{}", .fingerprint = "print"});
    for (const char* other : {"other", "the other", ""})
        testing::expect_error(ExitCode::usage, "is another run's checkpoint", [&] { read_checkpoint(file, other); });
}

TEST_F(CheckpointTest, OfTheFirstFormatDoesNotSayWhich) {
    const Checkpoint read = read_checkpoint(LABHOST_SOURCE "/tests/data/checkpoint_v1_training.pt", "a fingerprint");
    Position position;
    position.load(StateReader(read.state, "c.pt").under("position"));
    EXPECT_EQ(position.run_seconds, 12.5);
}

TEST_F(CheckpointTest, WhatDoesNotEndInAFingerprintAndADigestIsNoCheckpoint) {
    const torch::Tensor text = testing::text_as_tensor("print");
    for (const NamedTensors& tensors : {NamedTensors{},
                                        {{"digest", text}},
                                        {{"fingerprint", text}},
                                        {{"digest", text}, {"fingerprint", text}},
                                        {{"a", text}, {"digest", text}},
                                        {{"z", text}, {"digest", text}},
                                        {{"fingerprint", text}, {"a", text}},
                                        {{"fingerprint", text}, {"z", text}},
                                        {{"fingerprint", text}, {"digest", text}, {"weight", text}}}) {
        SCOPED_TRACE(::testing::PrintToString(names_in(tensors)));
        const auto file = folder_.write("c.pt", pickle_state_dict(tensors));
        testing::expect_error(ExitCode::usage, "c.pt: error: this is no checkpoint",
                              [&] { read_checkpoint(file, "print"); });
    }
}

TEST_F(CheckpointTest, OfTheFirstFormatWithoutItsValuesIsOneAllTheSame) {
    const auto file = folder_.write("c.pt", testing::checkpoint_file({}, "print"));
    testing::expect_error(ExitCode::usage, "c.pt: error: 'position' is missing",
                          [&] { read_checkpoint(file, "print"); });
}

TEST_F(CheckpointTest, ThatWasCutOffIsDamaged) {
    const std::string whole = pack_checkpoint({.state = state_, .gpu = "", .fingerprint = "print"});
    const auto file = folder_.write("c.pt", whole.substr(0, whole.size() - 1000));
    testing::expect_error(ExitCode::usage, "c.pt: error: is damaged or cut off",
                          [&] { read_checkpoint(file, "print"); });
}

TEST_F(CheckpointTest, MayBeOfARunWithoutAnyState) {
    const Checkpoint read = read_checkpoint(write({.state = {}, .gpu = "", .fingerprint = "print"}), "print");
    EXPECT_TRUE(read.state.empty());
    EXPECT_EQ(read.fingerprint, "print");
}

TEST_F(CheckpointTest, GuardsNamesFormsAndValuesByItsDigest) {
    const NamedTensors file = unpickle_state_dict(write({.state = state_, .gpu = "{}", .fingerprint = "print"}));
    for (std::size_t i = 0; i + 1 < file.size(); ++i) {  // all but the digest
        const auto refuse = [&](const NamedTensors& changed) {
            const auto path = folder_.write("c.pt", pickle_state_dict(changed));
            EXPECT_THROW(read_checkpoint(path, "print"), Error) << file[i].first;
        };
        NamedTensors renamed = file;
        renamed[i].first += "x";
        refuse(renamed);
        NamedTensors other_value = file;
        other_value[i].second = file[i].second.clone();
        other_value[i].second.flatten()[0] += 1;
        refuse(other_value);
        NamedTensors other_shape = file;
        other_shape[i].second = file[i].second.unsqueeze(0);
        refuse(other_shape);
    }
    EXPECT_NO_THROW(read_checkpoint(folder_.write("c.pt", pickle_state_dict(file)), "print"));
}

}  // namespace
}  // namespace labhost
