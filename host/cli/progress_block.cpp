#include "cli/progress_block.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "support/text.hpp"
#include "sweep/schedule.hpp"

namespace labhost {

namespace {

constexpr std::size_t longest_bar = 20;
constexpr std::size_t shortest_bar = 5;
constexpr std::size_t gap = 2;  ///< between columns

/// What a line says of its run besides name, bar and time left.
enum Detail : std::size_t { pass, batch, images, loss, detail_count };

/// Which details to show, from wide terminals to narrow ones.
constexpr std::array<std::array<bool, detail_count>, 5> detail_choices{{
    {true, true, true, true},
    {true, true, false, true},
    {true, false, false, true},
    {true, false, false, false},
    {false, false, false, false},
}};

}  // namespace

double ProgressBlock::Running::speed(Time now) const {
    const double seconds = seconds_between(started, now);
    return seconds > 0.0 ? (done - done_before) / seconds : 0.0;
}

std::optional<double> ProgressBlock::Running::left(Time now) const {
    const double per_second = speed(now);
    if (per_second <= 0.0) return std::nullopt;
    return (work - done) / per_second;
}

/// The columns of a run's line.
struct ProgressBlock::Row {
    std::string id{};
    double fraction = 0.0;
    std::array<std::string, detail_count> details{};
    std::string left{};
};

void ProgressBlock::begin(const Plan& plan, std::size_t to_train, int jobs, Time now) {
    begun_ = now;
    total_ = plan.runs.size();
    jobs_ = static_cast<std::size_t>(std::max(jobs, 1));
    done_ = total_ - to_train;
    waiting_ = to_train;
    for (const PlannedRun& run : plan.runs)
        if (to_train == total_ || run.status != RunState::finished) waiting_work_ += work_of(run);
}

void ProgressBlock::start(const PlannedRun& run, const std::optional<Progress>& from, Time now) {
    const double work = work_of(run);
    const double done = from ? work_done(run, *from) : 0.0;
    // One that is tried again has a line already.
    auto slot = std::ranges::find_if(slots_, [&](const auto& s) { return s && s->run == &run; });
    if (slot == slots_.end()) {
        no_longer_waits(work);
        slot = std::ranges::find_if(slots_, [](const auto& s) { return !s.has_value(); });
    }
    if (slot == slots_.end()) slot = slots_.emplace(slots_.end());
    slot->emplace(
        Running{.run = &run, .work = work, .started = now, .done_before = done, .done = done, .last_time = now});
    if (from) (*slot)->pass_examples = from->examples;
}

void ProgressBlock::advance(const PlannedRun& run, const Progress& p, Time now) {
    auto* slot = find(run);
    if (slot == nullptr) return;
    Running& r = **slot;
    const bool new_pass = !r.last || r.last->epoch != p.epoch || r.last->pass != p.pass;
    if (new_pass) {
        // The speed so far is, for want of better, that since the last news; later it is that since now, which leaves
        // out start-up and checkpoints.
        if (r.last || p.examples < r.pass_examples) r.pass_examples = 0;
        r.pass_time = r.last_time;
    }
    const double seconds = seconds_between(r.pass_time, now);
    if (seconds > 0.0) r.images_per_second = static_cast<double>(p.examples - r.pass_examples) / seconds;
    if (new_pass) {
        r.pass_time = now;
        r.pass_examples = p.examples;
    }
    r.last = p;
    r.last_time = now;
    r.done = work_done(run, p);
}

void ProgressBlock::pause(const PlannedRun& run, Time now) {
    remove(run, now);
    ++paused_;
}

void ProgressBlock::end(const PlannedRun& run, bool failed, Time now) {
    remove(run, now);
    ++done_;
    if (failed) ++failed_;
}

std::optional<ProgressBlock::Running>* ProgressBlock::find(const PlannedRun& run) {
    const auto slot = std::ranges::find_if(slots_, [&](const auto& s) { return s && s->run == &run; });
    return slot == slots_.end() ? nullptr : &*slot;
}

void ProgressBlock::remove(const PlannedRun& run, Time now) {
    auto* slot = find(run);
    if (slot == nullptr) {
        no_longer_waits(work_of(run));
        return;
    }
    if (const double speed = (*slot)->speed(now); speed > 0.0) last_speed_ = speed;
    slot->reset();
}

void ProgressBlock::no_longer_waits(double work) {
    if (waiting_ > 0) --waiting_;
    waiting_work_ = waiting_ == 0 ? 0.0 : std::max(0.0, waiting_work_ - work);
}

std::vector<const ProgressBlock::Running*> ProgressBlock::running() const {
    std::vector<const Running*> running;
    for (const auto& slot : slots_)
        if (slot) running.push_back(&*slot);
    return running;
}

namespace {

/// Of the same width each.
std::string_view word_for(Pass pass) {
    switch (pass) {
        case Pass::train: return "train";
        case Pass::validation: return "valid";
        case Pass::test: break;
    }
    return "test ";
}

}  // namespace

ProgressBlock::Row ProgressBlock::row(const Running& r, Time now) const {
    Row row{.id = r.run->settings.id, .fraction = r.work > 0.0 ? r.done / r.work : 0.0};
    if (!r.last) {
        row.details[pass] = "starting";
        return row;
    }
    const Progress& p = *r.last;
    const std::string batches = fmt::format("{}", p.batches);
    row.details = {fmt::format("epoch {}/{} {}", p.epoch, p.epochs, word_for(p.pass)),
                   fmt::format("{:>{}}/{}", p.batch, batches.size(), batches),
                   r.images_per_second > 0.0 ? fmt::format("{:>4.0f} images/s", r.images_per_second) : "",
                   fmt::format("loss {:.4f}", plain_nan(p.loss))};
    if (const auto seconds = r.left(now)) row.left = fmt::format("{} left", duration_text(*seconds));
    return row;
}

std::string ProgressBlock::bar(double fraction, std::size_t cells) const {
    const auto full = static_cast<std::size_t>(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(cells));
    std::string text = style_.color ? "\x1b[36m" : "";
    for (std::size_t i = 0; i < cells; ++i) text += i < full ? (style_.utf8 ? "█" : "#") : (style_.utf8 ? "░" : "-");
    return text + (style_.color ? "\x1b[0m" : "");
}

std::vector<std::string> ProgressBlock::run_lines(const std::vector<Row>& rows, std::size_t width) const {
    std::size_t id_width = 0;
    std::size_t left_width = 0;
    std::array<std::size_t, detail_count> detail_widths{};
    for (const Row& row : rows) {
        id_width = std::max(id_width, row.id.size());
        left_width = std::max(left_width, row.left.size());
        for (std::size_t i = 0; i < detail_count; ++i)
            detail_widths[i] = std::max(detail_widths[i], row.details[i].size());
    }
    const auto column = [](std::size_t column_width) { return column_width == 0 ? 0 : gap + column_width; };
    std::array<bool, detail_count> shown{};
    std::size_t cells = 0;
    for (const auto& choice : detail_choices) {
        std::size_t used = id_width + gap + column(left_width);
        for (std::size_t i = 0; i < detail_count; ++i)
            if (choice[i]) used += column(detail_widths[i]);
        if (used + shortest_bar > width) continue;
        shown = choice;
        cells = std::min(longest_bar, width - used);
        break;
    }
    if (cells == 0) id_width = std::min(id_width, width - std::min(width, column(left_width)));

    std::vector<std::string> lines;
    for (const Row& row : rows) {
        std::string line = fmt::format("{:<{}.{}}", row.id, id_width, id_width);
        if (cells > 0) line += fmt::format("  {}", bar(row.fraction, cells));
        for (std::size_t i = 0; i < detail_count; ++i) {
            if (!shown[i] || detail_widths[i] == 0) continue;
            const std::string& text = row.details[i];
            const bool to_the_right = i == batch || i == images;
            line += to_the_right ? fmt::format("  {:>{}}", text, detail_widths[i])
                                 : fmt::format("  {:<{}}", text, detail_widths[i]);
        }
        if (left_width > 0) line += fmt::format("  {:>{}}", row.left, left_width);
        // Without a bar all of it is ASCII, a column a byte; with one, it fits.
        if (cells == 0) line.resize(std::min(line.size(), width));
        line.resize(line.find_last_not_of(' ') + 1);
        lines.push_back(line);
    }
    return lines;
}

std::optional<double> ProgressBlock::left(const std::vector<const Running*>& running, Time now) const {
    double work = waiting_work_;
    double longest = 0.0;
    double speeds = 0.0;
    std::size_t known = 0;
    for (const Running* r : running) {
        work += r->work - r->done;
        if (const auto seconds = r->left(now)) {
            longest = std::max(longest, *seconds);
            speeds += r->speed(now);
            ++known;
        }
    }
    // Those that have just started will be as fast as the others.
    const double speed = known > 0 ? speeds / static_cast<double>(known) : last_speed_;
    if (speed <= 0.0) return std::nullopt;
    const std::size_t at_once = std::max(running.size(), std::min(jobs_, running.size() + waiting_));
    return std::max(longest, work / (speed * static_cast<double>(std::max<std::size_t>(at_once, 1))));
}

std::string ProgressBlock::total_line(const std::vector<const Running*>& running, Time now, std::size_t width) const {
    const auto counted = [](std::size_t count, const char* what) {
        return count > 0 ? fmt::format(", {} {}", count, what) : "";
    };
    const std::string done = fmt::format("{}/{} done{}", done_, total_, counted(failed_, "failed"));
    const std::string others = fmt::format("{}{}{}", counted(running.size(), "running"), counted(paused_, "paused"),
                                           counted(waiting_, "waiting"));
    const std::string elapsed = fmt::format("  {} elapsed", duration_text(std::floor(seconds_between(begun_, now))));
    const auto seconds = left(running, now);
    const std::string to_go = seconds ? fmt::format("  {} left", duration_text(*seconds)) : "";
    for (const std::string& line : {done + others + elapsed + to_go, done + others + to_go, done + to_go})
        if (line.size() <= width) return line;
    return done.substr(0, width);
}

std::vector<std::string> ProgressBlock::lines(Time now, std::size_t width, std::size_t height) const {
    const std::vector<const Running*> all = running();
    if (all.empty() && waiting_ == 0) return {};
    const std::size_t room = std::max<std::size_t>(height, 1) - 1;
    const bool all_fit = all.size() <= room;
    const std::size_t shown = all_fit ? all.size() : room - std::min<std::size_t>(room, 1);
    std::vector<Row> rows;
    for (std::size_t i = 0; i < shown; ++i) rows.push_back(row(*all[i], now));
    std::vector<std::string> lines = run_lines(rows, width);
    if (!all_fit && room > 0) lines.push_back(fmt::format("and {} more", all.size() - shown).substr(0, width));
    lines.push_back(total_line(all, now, width));
    return lines;
}

std::string BlockOnScreen::redraw(const std::vector<std::string>& lines) {
    if (lines.empty()) return clear();
    std::string bytes = height_ > 1 ? fmt::format("\r\x1b[{}A", height_ - 1) : "";
    for (std::size_t i = 0; i < lines.size(); ++i) bytes += fmt::format("{}\r\x1b[K{}", i > 0 ? "\n" : "", lines[i]);
    if (height_ > lines.size()) {
        for (std::size_t i = lines.size(); i < height_; ++i) bytes += "\n\r\x1b[K";
        bytes += fmt::format("\x1b[{}A", height_ - lines.size());
    }
    height_ = lines.size();
    return bytes;
}

std::string BlockOnScreen::print_above(const std::string& text, const std::vector<std::string>& lines) {
    // Where the text wraps it comes to lie on further lines of the old block, so all of that goes first.
    std::string bytes = clear();
    bytes += fmt::format("{}\n", text);
    return bytes + redraw(lines);
}

std::string BlockOnScreen::clear() {
    if (height_ == 0) return "";
    std::string bytes = "\r\x1b[K";
    for (; height_ > 1; --height_) bytes += "\x1b[1A\x1b[K";
    height_ = 0;
    return bytes;
}

}  // namespace labhost
