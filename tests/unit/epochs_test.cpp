// How an epoch is divided, which epoch is the best, when a run ends early, and what of a step a CUDA graph may hold.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "helpers/expect_error.hpp"
#include "train/best_epoch.hpp"
#include "train/captured_part.hpp"
#include "train/epoch_shape.hpp"

namespace labhost::epochs_test {
namespace {

using testing::expect_error;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Of these validation losses; accuracies are their negatives.
std::vector<EpochMetrics> epochs_of(const std::vector<double>& losses) {
    std::vector<EpochMetrics> epochs;
    for (const double loss : losses) {
        EpochMetrics& epoch = epochs.emplace_back();
        epoch.epoch = static_cast<std::int64_t>(epochs.size());
        epoch.validation.emplace();
        epoch.validation->loss = loss;
        epoch.validation->accuracy = -loss;
        epoch.validation->correct = 7;
        epoch.validation->rmse = loss;
        epoch.validation->r2 = -loss;
    }
    return epochs;
}

std::int64_t best(const std::vector<double>& losses, const std::string& metric = "validation.loss") {
    return best_epoch(epochs_of(losses), metric);
}

TEST(BestEpoch, IsThatOfTheLeastLossOrTheHighestAccuracyTheEarliestOfEqualOnes) {
    EXPECT_EQ(best({3, 1, 2}), 2);
    EXPECT_EQ(best({3, 1, 2}, "validation.accuracy"), 2);
    EXPECT_EQ(best({3, 1, 2}, "validation.rmse"), 2);
    EXPECT_EQ(best({3, 1, 2}, "validation.r2"), 2);
    EXPECT_EQ(best({2, 1, 1}), 2);
    EXPECT_EQ(best({}), 0);
    EXPECT_EQ(best({3, 1}, "validation.correct"), 1) << "they are equal";
    EXPECT_EQ(best({3, 1}, "test.top5"), 0) << "no epoch has it";
}

TEST(BestEpoch, IsNeverOneOfNaN) {
    EXPECT_EQ(best({nan, 5, 4, nan}), 3);
    EXPECT_EQ(best({nan, nan}), 0);
    EXPECT_EQ(best({std::numeric_limits<double>::infinity(), nan}), 1);
}

bool stops(const std::vector<double>& losses, std::int64_t patience, double min_delta = 0.0) {
    StopSettings stop;
    stop.patience = patience;
    stop.min_delta = min_delta;
    return has_stopped(epochs_of(losses), "validation.loss", stop);
}

TEST(Stop, IsAtThePatienceThEpochInARowThatIsNoBetter) {
    EXPECT_FALSE(stops({3, 2, 2}, 2));
    EXPECT_TRUE(stops({3, 2, 2, 2}, 2)) << "equal is no better";
    EXPECT_FALSE(stops({3, 2, 4, 1, 5}, 2)) << "one that is better begins anew";
    EXPECT_TRUE(stops({3, 4}, 1));
    EXPECT_FALSE(stops({}, 1));
}

TEST(Stop, CountsAsBetterWhatIsBetterByMoreThanMinDelta) {
    EXPECT_TRUE(stops({3, 2.5}, 1, 0.5)) << "by just as much";
    EXPECT_FALSE(stops({3, 2.25}, 1, 0.5));
    EXPECT_TRUE(stops({3, 2.75, 2.5}, 2, 0.5)) << "against the best that counted, not against the last";
    EXPECT_FALSE(stops({3, 2.75, 2.25}, 2, 0.5));
}

TEST(Stop, TakesNaNForNoBetter) {
    EXPECT_TRUE(stops({nan}, 1));
    EXPECT_TRUE(stops({1, nan, nan}, 2));
}

class EpochShapeTest : public ::testing::Test {
protected:
    EpochShapeTest() {
        dataset_.train.count = 103;
        dataset_.test.count = 20;
        run_.trainer.batch_size = 10;
    }
    EpochShape shape() { return epoch_shape(run_, dataset_); }

    RunSettings run_;
    Dataset dataset_;
};

TEST_F(EpochShapeTest, HasAShortLastBatchUnlessItIsDropped) {
    EXPECT_EQ(shape().batches, 11);
    EXPECT_EQ(shape().last_batch, 3);
    EXPECT_EQ(shape().tested, 20);
    run_.data.drop_last = true;
    EXPECT_EQ(shape().batches, 10);
    EXPECT_EQ(shape().last_batch, 10);
    EXPECT_EQ(shape().trained, 103);
    run_.trainer.batch_size = 104;
    expect_error(ExitCode::usage, "data.drop_last leaves no batch", [&] { shape(); });
}

TEST_F(EpochShapeTest, HasAStepForEachGroupOfBatchesAndOneForTheRest) {
    run_.trainer.accumulate = 4;
    EXPECT_EQ(shape().steps, 3);
    run_.trainer.accumulate = 100;
    EXPECT_EQ(shape().steps, 1);
}

/// torch.utils.data.random_split gives [83, 20] of 103 by [0.8, 0.2], and [52, 51] by [0.5, 0.5].
TEST_F(EpochShapeTest, KeepsForValidationWhatRandomSplitGives) {
    run_.data.validation = PartSettings{.fraction = 0.2};
    EXPECT_EQ(shape().validated, 20);
    EXPECT_EQ(shape().trained, 83);
    run_.data.validation->fraction = 0.5;
    EXPECT_EQ(shape().validated, 51);
    run_.data.validation = PartSettings{.count = 40};
    run_.data.train_limit = 60;
    EXPECT_EQ(shape().trained, 20) << "train_limit comes first";
    run_.data.train_limit = 40;
    expect_error(ExitCode::usage, "of 40 training examples 40 would be kept", [&] { shape(); });
    run_.data.validation = PartSettings{.fraction = 0.01};
    expect_error(ExitCode::usage, "of 40 training examples 0 would be kept", [&] { shape(); });
}

/// A replay repeats kernels with the numbers that they were captured with.
TEST(CapturedPart, IsWhatDoesNotChangeFromStepToStep) {
    RunSettings run;
    const auto part = [&] { return captured_part(run.trainer, run.data); };
    EXPECT_EQ(part(), CapturedPart::all) << "SGD at one rate";
    run.trainer.clip_grad_norm = 1.0;
    EXPECT_EQ(part(), CapturedPart::all) << "computed on the GPU";
    run.trainer.schedule.emplace().name = "linear";
    EXPECT_EQ(part(), CapturedPart::gradients) << "rates change";
    run.trainer.schedule.reset();
    run.trainer.ema_decay = 0.9;
    EXPECT_EQ(part(), CapturedPart::gradients) << "the first average is a copy";
    run.trainer.ema_decay.reset();
    for (const Algorithm& optimizer : optimizer_family().all) {
        run.trainer.optimizer.name = optimizer.name;
        EXPECT_EQ(part(), optimizer.name == "sgd" ? CapturedPart::all : CapturedPart::gradients) << optimizer.name;
    }
    run.trainer.accumulate = 2;
    EXPECT_EQ(part(), CapturedPart::nothing) << "not every batch has a step";
    run.trainer.accumulate = 1;
    run.data.augment.rotation = 0.0;
    EXPECT_EQ(part(), CapturedPart::nothing) << "images are made by the host";
}

}  // namespace
}  // namespace labhost::epochs_test
