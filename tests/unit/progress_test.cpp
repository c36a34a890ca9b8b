// What one sees of a sweep: the lines that stay, the block's lines at given times, and what a terminal shows of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/progress_block.hpp"
#include "cli/progress_lines.hpp"

namespace labhost::progress_test {
namespace {

using Lines = std::vector<std::string>;

/// Runs of two epochs, each of 600 training images and 300 test images in batches of 100: 700 units of work an epoch.
struct Sweep {
    explicit Sweep(std::size_t count) {
        dataset.train.count = 600;
        dataset.test.count = 300;
        plan.runs.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            plan.runs[i].settings.id = "net-s" + std::to_string(i + 1);
            plan.runs[i].settings.trainer.epochs = 2;
            plan.runs[i].dataset = &dataset;
            plan.runs[i].folder = "runs/e/" + plan.runs[i].settings.id;
        }
    }
    PlannedRun& operator[](std::size_t i) { return plan.runs[i]; }
    const PlannedRun& operator[](std::size_t i) const { return plan.runs[i]; }

    PlannedRun& failed(std::size_t i, const std::string& reason) {
        plan.runs[i].status = RunState::failed;
        plan.runs[i].result.emplace();
        plan.runs[i].result->reason = reason;
        return plan.runs[i];
    }

    Dataset dataset;
    Plan plan;
};

Progress train(std::int64_t epoch, std::int64_t batch) {
    return {.epoch = epoch,
            .epochs = 2,
            .pass = Pass::train,
            .batch = batch,
            .batches = 6,
            .examples = batch * 100,
            .loss = 0.5};
}

Progress test(std::int64_t epoch, std::int64_t batch) {
    return {.epoch = epoch,
            .epochs = 2,
            .pass = Pass::test,
            .batch = batch,
            .batches = 3,
            .examples = batch * 100,
            .loss = 0.25};
}

ProgressBlock::Time at(double seconds) {
    return ProgressBlock::Time{} +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
}

struct KeptLines final : ProgressLines {
    Lines lines;

private:
    void print_line(const std::string& line) override { lines.push_back(line); }
};

TEST(ProgressLines, OnePerEpochAndEachRunUnderItsOwnNumber) {
    Sweep sweep(9);
    KeptLines view;
    view.sweep_started(sweep.plan, 9, 2);
    view.run_started(sweep[0], 1, 9, std::nullopt);
    view.run_started(sweep[1], 2, 9, train(2, 17));
    view.epoch_finished(sweep[0], {.epoch = 1,
                                   .train = {.loss = 0.33784, .accuracy = 90.26},
                                   .test = {.loss = 0.1169, .accuracy = 96.27},
                                   .seconds = 25.1});
    sweep[1].status = RunState::resumable;
    view.run_paused(sweep[1]);
    view.run_ended(sweep[0], false);
    EXPECT_EQ(view.lines, (Lines{"[2/9] net-s2  goes on from epoch 2, batch 17",
                                 "[1/9] net-s1  epoch 1/2  train 0.3378 90.26%  test 0.1169 96.27%  25.1 s",
                                 "[2/9] net-s2  stopped, to go on from its checkpoint"}));
}

TEST(ProgressLines, WhereARunGoesOn) {
    const Sweep sweep(1);
    KeptLines view;
    view.run_started(sweep[0], 1, 1, train(2, 0));
    view.run_started(sweep[0], 1, 1, test(1, 2));
    EXPECT_EQ(view.lines,
              (Lines{"[1/1] net-s1  goes on from epoch 2", "[1/1] net-s1  goes on from epoch 1, test batch 2"}));
}

TEST(ProgressLines, AFailureIsOneHarmlessLine) {
    Sweep sweep(9);
    KeptLines view;
    view.run_started(sweep[2], 3, 9, std::nullopt);
    view.run_ended(sweep.failed(2, "it\nbroke\x1b[2J"), false);
    EXPECT_EQ(view.lines, (Lines{"[3/9] net-s3  failed: it | broke\\x1b[2J (log: runs/e/net-s3/log.txt)"}));
}

TEST(ProgressLines, ManyRunsFinishedBeforeAreOneLine) {
    for (const std::size_t before : {20U, 21U}) {
        const Sweep sweep(before + 1);
        KeptLines view;
        view.sweep_started(sweep.plan, 1, 1);
        for (std::size_t i = 0; i < before; ++i) view.run_ended(sweep[i], true);
        if (before == 20) {
            ASSERT_EQ(view.lines.size(), 20U);
            EXPECT_EQ(view.lines[0], "net-s1  finished before; --force runs it again");
        } else {
            EXPECT_EQ(view.lines, (Lines{"21 runs finished before; --force runs them again"}));
        }
    }
}

TEST(ProgressLines, WhatIsSaidCannotMoveTheCursor) {
    const Sweep sweep(1);
    KeptLines view;
    view.message(&sweep[0], "50%\r100%\x1b[1A\r\n");
    view.message(nullptr, "warning: slow");
    EXPECT_EQ(view.lines, (Lines{"net-s1 | 50%\\x0d100%\\x1b[1A", "warning: slow"}));
}

TEST(ProgressBlock, ALinePerRunningRunAndOneForAll) {
    Sweep sweep(9);
    sweep.plan.runs[0].status = RunState::finished;
    ProgressBlock block({});
    block.begin(sweep.plan, 8, 2, at(0));
    block.start(sweep[1], std::nullopt, at(0));
    block.end(sweep[1], true, at(1));
    block.start(sweep[2], std::nullopt, at(1));
    block.start(sweep[8], std::nullopt, at(1));
    block.advance(sweep[2], train(1, 1), at(2));
    block.advance(sweep[2], train(1, 6), at(7));
    const Lines lines = block.lines(at(7), 100, 24);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0], "net-s3  ########------------  epoch 1/2 train  6/6   100 images/s  loss 0.5000  0:08 left");
    EXPECT_EQ(lines[1], "net-s9  --------------------  starting");
    // 800 + 1400 of the running and 5 * 1400 of the waiting ones, 100 a second each.
    EXPECT_EQ(lines[2], "2/9 done, 1 failed, 2 running, 5 waiting  0:07 elapsed  0:46 left");
}

TEST(ProgressBlock, AResumedRunsTimeLeftComesFromThisSession) {
    const Sweep sweep(1);
    ProgressBlock block({});
    block.begin(sweep.plan, 1, 1, at(0));
    block.start(sweep[0], test(1, 3), at(0));  // 700 of 1400 done
    block.advance(sweep[0], train(2, 1), at(1));
    const Lines lines = block.lines(at(1), 100, 24);
    EXPECT_NE(lines[0].find("###########---------"), std::string::npos) << lines[0];
    EXPECT_TRUE(lines[0].ends_with("100 images/s  loss 0.5000  0:06 left")) << lines[0];
    EXPECT_EQ(lines[1], "0/1 done, 1 running  0:01 elapsed  0:06 left");
}

TEST(ProgressBlock, IsNeverWiderOrTallerThanAsked) {
    const Sweep sweep(30);
    ProgressBlock block({});
    block.begin(sweep.plan, 30, 16, at(0));
    for (std::size_t i = 0; i < 16; ++i) {
        block.start(sweep[i], std::nullopt, at(0));
        block.advance(sweep[i], train(1, 2), at(1 + static_cast<double>(i)));
    }
    for (std::size_t width = 1; width <= 120; ++width) {
        for (std::size_t height = 1; height <= 20; ++height) {
            const Lines lines = block.lines(at(30), width, height);
            EXPECT_LE(lines.size(), height);
            for (const std::string& line : lines) EXPECT_LE(line.size(), width) << line;
        }
    }
    const Lines low = block.lines(at(30), 79, 6);
    ASSERT_EQ(low.size(), 6U);
    EXPECT_TRUE(low[3].starts_with("net-s4 "));
    EXPECT_EQ(low[4], "and 12 more");
    EXPECT_TRUE(low[5].starts_with("0/30 done, 16 running, 14 waiting"));
}

TEST(ProgressBlock, WhatIsLeftOutWhereItIsNarrow) {
    const Sweep sweep(1);
    ProgressBlock block({});
    block.begin(sweep.plan, 1, 1, at(0));
    block.start(sweep[0], std::nullopt, at(0));
    block.advance(sweep[0], train(1, 1), at(1));
    const auto line = [&](std::size_t width) { return block.lines(at(1), width, 24)[0]; };
    EXPECT_EQ(line(79), "net-s1  ----------  epoch 1/2 train  1/6   100 images/s  loss 0.5000  0:13 left");
    EXPECT_EQ(line(60), "net-s1  ------  epoch 1/2 train  1/6  loss 0.5000  0:13 left");
    EXPECT_EQ(line(41), "net-s1  -----  epoch 1/2 train  0:13 left");
    EXPECT_EQ(line(39), "net-s1  #-------------------  0:13 left");
    EXPECT_EQ(line(15), "net-  0:13 left");
}

TEST(ProgressBlock, ARunThatEndsDoesNotMoveTheOthers) {
    const Sweep sweep(4);
    ProgressBlock block({});
    block.begin(sweep.plan, 4, 3, at(0));
    for (std::size_t i = 0; i < 3; ++i) block.start(sweep[i], std::nullopt, at(0));
    block.end(sweep[1], false, at(1));
    block.start(sweep[3], std::nullopt, at(1));
    const Lines lines = block.lines(at(1), 79, 24);
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_TRUE(lines[0].starts_with("net-s1 "));
    EXPECT_TRUE(lines[1].starts_with("net-s4 "));
    EXPECT_TRUE(lines[2].starts_with("net-s3 "));
    for (const std::size_t i : {0U, 2U, 3U}) block.end(sweep[i], false, at(2));
    EXPECT_EQ(block.lines(at(2), 79, 24), Lines{});
}

TEST(ProgressBlock, BarsAreOfBlocksWhereTheLocaleHasThem) {
    const Sweep sweep(1);
    ProgressBlock block({.utf8 = true, .color = true});
    block.begin(sweep.plan, 1, 1, at(0));
    block.start(sweep[0], test(1, 3), at(0));
    EXPECT_EQ(block.lines(at(1), 26, 24)[0], "net-s1  \x1b[36m████░░░░\x1b[0m  starting");
}

/// As much of a terminal as the block needs.
class Screen {
public:
    void write(const std::string& bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            if (bytes[i] == '\r') {
                column_ = 0;
            } else if (bytes[i] == '\n') {
                if (++row_ == rows.size()) rows.emplace_back();
            } else if (bytes[i] == '\x1b') {
                const std::size_t end = bytes.find_first_of("AK", i);
                ASSERT_NE(end, std::string::npos);
                if (bytes[end] == 'K') {
                    rows[row_].resize(std::min(rows[row_].size(), column_));
                } else {
                    const std::size_t up = std::stoul(bytes.substr(i + 2));
                    ASSERT_LE(up, row_);
                    row_ -= up;
                }
                i = end;
            } else {
                std::string& row = rows[row_];
                row.resize(std::max(row.size(), column_ + 1), ' ');
                row[column_++] = bytes[i];
            }
        }
    }

    Lines rows{""};

private:
    std::size_t row_ = 0;
    std::size_t column_ = 0;
};

TEST(BlockOnScreen, NothingOfItStays) {
    Screen screen;
    BlockOnScreen block;
    EXPECT_EQ(block.clear(), "");
    screen.write("before\n");
    screen.write(block.redraw({"one", "two", "three"}));
    EXPECT_EQ(screen.rows, (Lines{"before", "one", "two", "three"}));
    screen.write(block.redraw({"1"}));
    EXPECT_EQ(screen.rows, (Lines{"before", "1", "", ""}));
    screen.write(block.redraw({"1", "2"}));
    EXPECT_EQ(screen.rows, (Lines{"before", "1", "2", ""}));
    screen.write(block.print_above("done", {"a", "b"}));
    EXPECT_EQ(screen.rows, (Lines{"before", "done", "a", "b"}));
    screen.write(block.redraw({}) + "after");
    EXPECT_EQ(screen.rows, (Lines{"before", "done", "after", ""}));
}

}  // namespace
}  // namespace labhost::progress_test
