#include "cli/progress.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Silent final : public SweepObserver {
public:
    void run_started(const PlannedRun&, std::size_t, std::size_t) override {}
    void progressed(const Progress&) override {}
    void epoch_finished(const EpochMetrics&) override {}
    void run_ended(const PlannedRun&, bool) override {}
};

/// One line per epoch, and one for a run that fails or was finished before.
class Lines : public SweepObserver {
public:
    void run_started(const PlannedRun& run, std::size_t index, std::size_t total) override {
        id_ = run.settings.id;
        epochs_ = run.settings.trainer.epochs;
        place_ = fmt::format("[{}/{}]", index, total);
    }

    void progressed(const Progress&) override {}

    void epoch_finished(const EpochMetrics& m) override {
        print_line(fmt::format("{} {}  epoch {}/{}  train {:.4f} {:.2f}%  test {:.4f} {:.2f}%  {:.1f} s", place_, id_,
                               m.epoch, epochs_, plain_nan(m.train.loss), m.train.accuracy, plain_nan(m.test.loss),
                               m.test.accuracy, m.seconds));
    }

    void run_ended(const PlannedRun& run, bool was_finished) override {
        if (was_finished) {
            print_line(fmt::format("{}  finished before; --force runs it again", run.settings.id));
        } else if (run.status == RunStatus::failed) {
            print_line(fmt::format("{} {}  failed: {} (log: {})", place_, id_, run.failure(),
                                   (run.folder / "log.txt").native()));
        }
    }

protected:
    virtual void print_line(const std::string& line) { diagnose(line + "\n"); }

    const std::string& place() const { return place_; }
    const std::string& id() const { return id_; }

private:
    std::string place_;
    std::string id_;
    std::int64_t epochs_ = 0;
};

/// A line that is redrawn in place under the finished ones.
class LiveLine final : public Lines {
public:
    explicit LiveLine(bool color) : color_(color) {}
    ~LiveLine() override { clear(); }
    LiveLine(const LiveLine&) = delete;
    LiveLine& operator=(const LiveLine&) = delete;
    LiveLine(LiveLine&&) = delete;
    LiveLine& operator=(LiveLine&&) = delete;

    void run_started(const PlannedRun& run, std::size_t index, std::size_t total) override {
        Lines::run_started(run, index, total);
        run_start_ = Clock::now();
        const auto count = [](const std::optional<std::int64_t>& limit, const Split& split) {
            return static_cast<double>(limit.value_or(split.count));
        };
        train_count_ = count(run.settings.data.train_limit, run.dataset->train);
        // A test image costs about a third of a training image: no backward pass.
        epoch_work_ = train_count_ + count(run.settings.data.test_limit, run.dataset->test) / 3.0;
    }

    void progressed(const Progress& p) override {
        if (p.batch == 1) pass_start_ = Clock::now();
        if (p.batch != p.batches && seconds_since(drawn_) < 0.1) return;
        drawn_ = Clock::now();
        const auto examples = static_cast<double>(p.examples);
        const double done =
            static_cast<double>(p.epoch - 1) * epoch_work_ + (p.testing ? train_count_ + examples / 3.0 : examples);
        const double left = seconds_since(run_start_) * (static_cast<double>(p.epochs) * epoch_work_ / done - 1.0);
        const double elapsed = seconds_since(pass_start_);
        const std::string rate = p.batch > 1 && elapsed > 0.0 ? fmt::format("{:.0f} images/s", examples / elapsed) : "";
        draw(fmt::format("{} {}  epoch {}/{} {}  {}/{}  {}  loss {:.4f}  {} left", place(), id(), p.epoch, p.epochs,
                         p.testing ? "test " : "train", p.batch, p.batches, rate, plain_nan(p.loss),
                         duration_text(left)));
    }

    void run_ended(const PlannedRun& run, bool was_finished) override {
        clear();
        Lines::run_ended(run, was_finished);
    }

private:
    void print_line(const std::string& line) override {
        clear();
        Lines::print_line(line);
    }

    void draw(const std::string& line) {
        winsize size{};
        const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
        const std::string cut = line.substr(0, known ? size.ws_col - 1U : 79U);
        diagnose(fmt::format("\r\x1b[K{}{}{}", color_ ? "\x1b[36m" : "", cut, color_ ? "\x1b[0m" : ""));
        shown_ = true;
    }

    void clear() {
        if (shown_) diagnose("\r\x1b[K");
        shown_ = false;
    }

    bool color_;
    bool shown_ = false;
    Clock::time_point run_start_;
    Clock::time_point pass_start_;
    Clock::time_point drawn_;
    double train_count_ = 0.0;
    double epoch_work_ = 1.0;
};

}  // namespace

std::string duration_text(double seconds) {
    const auto total = static_cast<long>(std::ceil(std::max(0.0, seconds)));
    if (total >= 3600) return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
    return fmt::format("{}:{:02}", total / 60, total % 60);
}

std::unique_ptr<SweepObserver> make_progress(const Options& options) {
    if (options.quiet) return std::make_unique<Silent>();
    if (isatty(STDERR_FILENO) != 0) return std::make_unique<LiveLine>(options.color);
    return std::make_unique<Lines>();
}

}  // namespace labhost
