// The block of lines that shows a running sweep: what stands in it at a given time, and how a terminal shows it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sweep/execute.hpp"

namespace labhost {

/// A sweep's state as lines of text: one per running run, then one for all together. Knows no terminal and no clock.
class ProgressBlock {
public:
    using Time = std::chrono::steady_clock::time_point;

    struct Style {
        bool utf8 = false;   ///< bars of block characters, else of '#' and '-'
        bool color = false;  ///< coloured bars
    };

    explicit ProgressBlock(Style style) : style_(style) {}

    void begin(const Plan& plan, std::size_t to_train, int jobs, Time now);
    void start(const PlannedRun& run, const std::optional<Progress>& from, Time now);
    void advance(const PlannedRun& run, const Progress& progress, Time now);
    void pause(const PlannedRun& run, Time now);
    void end(const PlannedRun& run, bool failed, Time now);

    /// At most `height` (at least 1) lines of at most `width` columns; none when nothing runs and nothing waits. Where
    /// it is narrow, columns are left out; where it is low, runs are.
    std::vector<std::string> lines(Time now, std::size_t width, std::size_t height) const;

private:
    /// A run that is training.
    struct Running {
        const PlannedRun* run;
        double work;  ///< all of its (work_of)
        Time started;
        double done_before;  ///< work done when this session took it up
        double done;
        std::optional<Progress> last{};  ///< of this session
        Time last_time;
        Time pass_time{};  ///< of the first progress that was heard of in this pass
        std::int64_t pass_examples = 0;
        double images_per_second = 0.0;  ///< in this pass; 0 if unknown

        /// Work per second in this session; 0 if unknown.
        double speed(Time now) const;
        /// Seconds to its end; nothing if unknown.
        std::optional<double> left(Time now) const;
    };
    struct Row;

    std::optional<Running>* find(const PlannedRun& run);
    /// Takes the run out of those that train, or of those that wait.
    void remove(const PlannedRun& run, Time now);
    void no_longer_waits(double work);
    std::vector<const Running*> running() const;
    Row row(const Running& running, Time now) const;
    std::string bar(double fraction, std::size_t cells) const;
    std::vector<std::string> run_lines(const std::vector<Row>& rows, std::size_t width) const;
    std::optional<double> left(const std::vector<const Running*>& running, Time now) const;
    std::string total_line(const std::vector<const Running*>& running, Time now, std::size_t width) const;

    Style style_;
    Time begun_{};
    std::size_t total_ = 0;
    std::size_t jobs_ = 1;
    std::size_t done_ = 0;  ///< those that were finished before and those that failed among them
    std::size_t failed_ = 0;
    std::size_t paused_ = 0;
    std::size_t waiting_ = 0;
    double waiting_work_ = 0.0;
    double last_speed_ = 0.0;  ///< of the run that ended last
    /// The lines' order: a run that starts takes the place of one that ended, so that the others stay where they are.
    std::vector<std::optional<Running>> slots_;
};

/// What to write to a terminal so that a block of lines stands at the cursor, over the one that stood there before. The
/// lines must be narrower than the terminal, and fewer than its rows.
class BlockOnScreen {
public:
    std::string redraw(const std::vector<std::string>& lines);
    /// Puts `text`, which may be wider than the terminal, above the block for good.
    std::string print_above(const std::string& text, const std::vector<std::string>& lines);
    /// Nothing of the block stays, and the cursor is where it began.
    std::string clear();

private:
    std::size_t height_ = 0;
};

}  // namespace labhost
