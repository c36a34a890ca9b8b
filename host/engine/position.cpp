#include "engine/position.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace labhost {

namespace {

/// What passes of one run have, or have not.
constexpr std::array scores{std::pair{"accuracy", &PassMetrics::accuracy}, std::pair{"mae", &PassMetrics::mae},
                            std::pair{"rmse", &PassMetrics::rmse}, std::pair{"r2", &PassMetrics::r2}};

/// Passes as columns, a row each.
void save_passes(StateWriter state, const std::vector<PassMetrics>& passes) {
    std::vector<double> loss;
    std::vector<std::int64_t> correct;
    std::vector<std::int64_t> count;
    for (const PassMetrics& pass : passes) {
        loss.push_back(pass.loss);
        if (pass.correct) correct.push_back(*pass.correct);
        count.push_back(pass.count);
    }
    state.reals("loss", loss);
    for (const auto& [name, member] : scores) {
        std::vector<double> values;
        for (const PassMetrics& pass : passes)
            if (const auto& value = pass.*member) values.push_back(*value);
        if (values.size() == passes.size()) state.reals(name, values);
    }
    if (correct.size() == passes.size()) state.integers("correct", correct);
    state.integers("count", count);
}

std::vector<PassMetrics> load_passes(const StateReader& state, std::size_t rows) {
    const auto wanted = static_cast<std::int64_t>(rows);
    const auto loss = state.reals("loss", wanted);
    const auto count = state.integers("count", wanted);
    std::vector<PassMetrics> passes;
    for (std::size_t i = 0; i < rows; ++i) passes.push_back({.loss = loss[i], .count = count[i]});
    const bool of_classes = state.has("correct") || state.has("accuracy");
    for (const auto& [name, member] : scores) {
        if (!state.has(name) && !(of_classes && member == &PassMetrics::accuracy)) continue;
        const auto values = state.reals(name, wanted);
        for (std::size_t i = 0; i < rows; ++i) passes[i].*member = values[i];
    }
    if (of_classes) {
        const auto correct = state.integers("correct", wanted);
        for (std::size_t i = 0; i < rows; ++i) passes[i].correct = correct[i];
    }
    return passes;
}

/// Numbers that epochs of earlier versions lack: of each only the last epochs' are kept.
struct Optionals {
    static constexpr std::array members{std::pair{"lr", &EpochMetrics::lr}, std::pair{"f1", &EpochMetrics::f1},
                                        std::pair{"f1_micro", &EpochMetrics::f1_micro},
                                        std::pair{"top5", &EpochMetrics::top5}};
    std::array<std::vector<double>, members.size()> values{};

    void add(const EpochMetrics& metrics) {
        for (std::size_t i = 0; i < members.size(); ++i)
            if (const auto& value = metrics.*members[i].second) values[i].push_back(*value);
    }
    void save(StateWriter state) const {
        for (std::size_t i = 0; i < members.size(); ++i)
            if (!values[i].empty()) state.reals(members[i].first, values[i]);
    }
    static void load(const StateReader& state, std::vector<EpochMetrics>& history) {
        for (const auto& [name, member] : members) {
            if (!state.has(name)) continue;
            const auto values = state.reals(name);
            if (values.size() > history.size()) state.fail(name, "has more epochs than there are");
            for (std::size_t i = 0; i < values.size(); ++i)
                history[history.size() - values.size() + i].*member = values[i];
        }
    }
};

/// What an epoch may lack is of those that have it.
void save_history(StateWriter state, const std::vector<EpochMetrics>& history) {
    std::vector<std::int64_t> epoch;
    std::vector<PassMetrics> train;
    std::vector<PassMetrics> validation;
    std::vector<PassMetrics> test;
    Optionals optionals;
    std::vector<double> seconds;
    for (const EpochMetrics& metrics : history) {
        epoch.push_back(metrics.epoch);
        train.push_back(metrics.train);
        if (metrics.validation) validation.push_back(*metrics.validation);
        test.push_back(metrics.test);
        optionals.add(metrics);
        seconds.push_back(metrics.seconds);
    }
    state.integers("epoch", epoch);
    save_passes(state.under("train"), train);
    if (!validation.empty()) save_passes(state.under("validation"), validation);
    save_passes(state.under("test"), test);
    optionals.save(state);
    state.reals("seconds", seconds);
}

std::vector<EpochMetrics> load_history(const StateReader& state) {
    const auto epoch = state.integers("epoch");
    const auto count = static_cast<std::int64_t>(epoch.size());
    const auto train = load_passes(state.under("train"), epoch.size());
    const auto test = load_passes(state.under("test"), epoch.size());
    const auto seconds = state.reals("seconds", count);
    std::vector<EpochMetrics> history;
    for (std::size_t i = 0; i < epoch.size(); ++i)
        history.push_back({.epoch = epoch[i],
                           .train = train[i],
                           .validation = {},
                           .test = test[i],
                           .f1 = {},
                           .f1_micro = {},
                           .top5 = {},
                           .lr = {},
                           .seconds = seconds[i]});
    if (state.has("validation.loss")) {
        const auto validation = load_passes(state.under("validation"), epoch.size());
        for (std::size_t i = 0; i < epoch.size(); ++i) history[i].validation = validation[i];
    }
    Optionals::load(state, history);
    return history;
}

}  // namespace

void Position::save(StateWriter state) const {
    save_history(state.under("history"), history);
    state.flag("testing", pass == Pass::test);
    if (pass == Pass::validation) state.flag("validating", true);
    state.flag("in_pass", in_pass);
    save_passes(state.under("trained"), {so_far.train});
    if (so_far.validation) save_passes(state.under("validated"), {*so_far.validation});
    if (so_far.lr) state.real("lr", *so_far.lr);
    state.real("seconds", seconds);
    state.real("run_seconds", run_seconds);
}

void Position::load(const StateReader& state) {
    history = load_history(state.under("history"));
    pass = state.flag("testing") ? Pass::test : Pass::train;
    if (state.has("validating") && state.flag("validating")) pass = Pass::validation;
    in_pass = state.flag("in_pass");
    so_far = {};
    so_far.train = load_passes(state.under("trained"), 1).front();
    if (state.has("validated.loss")) so_far.validation = load_passes(state.under("validated"), 1).front();
    if (state.has("lr")) so_far.lr = state.real("lr");
    seconds = state.real("seconds");
    run_seconds = state.real("run_seconds");
}

}  // namespace labhost
