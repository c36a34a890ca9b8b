#include "cli/progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/progress_block.hpp"
#include "cli/progress_lines.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;

class Silent final : public SweepObserver {
public:
    void sweep_started(const Plan&, std::size_t, int) override {}
    void run_started(const PlannedRun&, std::size_t, std::size_t, const std::optional<Progress>&) override {}
    void progressed(const PlannedRun&, const Progress&) override {}
    void epoch_finished(const PlannedRun&, const EpochMetrics&) override {}
    void run_paused(const PlannedRun&) override {}
    void run_ended(const PlannedRun&, bool) override {}
    void message(const PlannedRun*, std::string_view) override {}
    void tick() override {}
};

/// The block, redrawn in place under the lines that stay.
class Block final : public ProgressLines {
public:
    explicit Block(ProgressBlock::Style style) : block_(style) {}
    ~Block() override { diagnose(screen_.clear()); }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    Block(Block&&) = delete;
    Block& operator=(Block&&) = delete;

    void sweep_started(const Plan& plan, std::size_t to_train, int jobs) override {
        ProgressLines::sweep_started(plan, to_train, jobs);
        block_.begin(plan, to_train, jobs, Clock::now());
    }

    void run_started(const PlannedRun& run, std::size_t index, std::size_t total,
                     const std::optional<Progress>& from) override {
        block_.start(run, from, Clock::now());
        ProgressLines::run_started(run, index, total, from);
    }

    void progressed(const PlannedRun& run, const Progress& progress) override {
        block_.advance(run, progress, Clock::now());
        // A pass is seen to its end, however short it is.
        if (progress.batch == progress.batches) {
            draw();
        } else {
            tick();
        }
    }

    void run_paused(const PlannedRun& run) override {
        block_.pause(run, Clock::now());
        ProgressLines::run_paused(run);
    }

    void run_ended(const PlannedRun& run, bool was_finished) override {
        if (!was_finished) block_.end(run, run.result && !run.result->finished, Clock::now());
        ProgressLines::run_ended(run, was_finished);
        if (lines().empty()) draw();  // clears: what follows the sweep may be printed before this object ends
    }

    void tick() override {
        if (Clock::now() - drawn_ >= std::chrono::milliseconds(100)) draw();
    }

private:
    void print_line(const std::string& line) override {
        diagnose(screen_.print_above(line, lines()));
        drawn_ = Clock::now();
    }

    void draw() {
        diagnose(screen_.redraw(lines()));
        drawn_ = Clock::now();
    }

    std::vector<std::string> lines() const {
        winsize size{};
        const bool asked = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0;
        const std::size_t columns = asked && size.ws_col > 0 ? size.ws_col : 80;
        const std::size_t rows = asked && size.ws_row > 0 ? size.ws_row : 24;
        // The last column stays free: terminals differ in where the cursor is after it.
        return block_.lines(Clock::now(), std::max<std::size_t>(columns, 2) - 1, std::max<std::size_t>(rows, 2) - 1);
    }

    ProgressBlock block_;
    BlockOnScreen screen_;
    Clock::time_point drawn_;
};

/// Whether the environment asks for UTF-8. The locale itself stays "C": the way numbers are written depends on it.
bool wants_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string locale = to_lower(value);
        return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
    }
    return false;
}

}  // namespace

std::unique_ptr<SweepObserver> make_progress(ProgressStyle style) {
    if (style.quiet) return std::make_unique<Silent>();
    if (isatty(STDERR_FILENO) != 0)
        return std::make_unique<Block>(ProgressBlock::Style{.utf8 = wants_utf8(), .color = style.color});
    return std::make_unique<ProgressLines>();
}

}  // namespace labhost
