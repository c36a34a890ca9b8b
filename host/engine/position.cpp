#include "engine/position.hpp"

#include <cstddef>

namespace labhost {

namespace {

/// Passes as columns, a row each.
void save_passes(StateWriter state, const std::vector<PassMetrics>& passes) {
    std::vector<double> loss;
    std::vector<double> accuracy;
    std::vector<std::int64_t> correct;
    std::vector<std::int64_t> count;
    for (const PassMetrics& pass : passes) {
        loss.push_back(pass.loss);
        accuracy.push_back(pass.accuracy);
        correct.push_back(pass.correct);
        count.push_back(pass.count);
    }
    state.reals("loss", loss);
    state.reals("accuracy", accuracy);
    state.integers("correct", correct);
    state.integers("count", count);
}

std::vector<PassMetrics> load_passes(const StateReader& state, std::size_t rows) {
    const auto wanted = static_cast<std::int64_t>(rows);
    const auto loss = state.reals("loss", wanted);
    const auto accuracy = state.reals("accuracy", wanted);
    const auto correct = state.integers("correct", wanted);
    const auto count = state.integers("count", wanted);
    std::vector<PassMetrics> passes;
    for (std::size_t i = 0; i < rows; ++i)
        passes.push_back({.loss = loss[i], .accuracy = accuracy[i], .correct = correct[i], .count = count[i]});
    return passes;
}

void save_history(StateWriter state, const std::vector<EpochMetrics>& history) {
    std::vector<std::int64_t> epoch;
    std::vector<PassMetrics> train;
    std::vector<PassMetrics> test;
    std::vector<double> seconds;
    for (const EpochMetrics& metrics : history) {
        epoch.push_back(metrics.epoch);
        train.push_back(metrics.train);
        test.push_back(metrics.test);
        seconds.push_back(metrics.seconds);
    }
    state.integers("epoch", epoch);
    save_passes(state.under("train"), train);
    save_passes(state.under("test"), test);
    state.reals("seconds", seconds);
}

std::vector<EpochMetrics> load_history(const StateReader& state) {
    const auto epoch = state.integers("epoch");
    const auto train = load_passes(state.under("train"), epoch.size());
    const auto test = load_passes(state.under("test"), epoch.size());
    const auto seconds = state.reals("seconds", static_cast<std::int64_t>(epoch.size()));
    std::vector<EpochMetrics> history;
    for (std::size_t i = 0; i < epoch.size(); ++i)
        history.push_back({.epoch = epoch[i], .train = train[i], .test = test[i], .seconds = seconds[i]});
    return history;
}

}  // namespace

void Position::save(StateWriter state) const {
    save_history(state.under("history"), history);
    state.flag("testing", testing);
    state.flag("in_pass", in_pass);
    save_passes(state.under("trained"), {trained});
    state.real("seconds", seconds);
    state.real("run_seconds", run_seconds);
}

void Position::load(const StateReader& state) {
    history = load_history(state.under("history"));
    testing = state.flag("testing");
    in_pass = state.flag("in_pass");
    trained = load_passes(state.under("trained"), 1).front();
    seconds = state.real("seconds");
    run_seconds = state.real("run_seconds");
}

}  // namespace labhost
