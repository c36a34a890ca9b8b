#include "engine/checkpoint_v1.hpp"

#include <string_view>

#include "engine/position.hpp"
#include "engine/state.hpp"

namespace labhost {

namespace {

/// Rows of ten: epoch; loss, accuracy, correct and count of training; the same of the test; seconds.
std::vector<EpochMetrics> history_of_v1(const std::vector<double>& rows) {
    constexpr std::size_t width = 10;
    const auto pass = [](const double* field) {
        return PassMetrics{.loss = field[0],
                           .accuracy = field[1],
                           .correct = static_cast<std::int64_t>(field[2]),
                           .count = static_cast<std::int64_t>(field[3])};
    };
    std::vector<EpochMetrics> history;
    for (std::size_t i = 0; i + width <= rows.size(); i += width) {
        const double* field = rows.data() + i;
        history.push_back({.epoch = static_cast<std::int64_t>(field[0]),
                           .train = pass(field + 1),
                           .test = pass(field + 5),
                           .seconds = field[9]});
    }
    return history;
}

/// What was written as it is now, under the part's name of today.
void rename(const NamedTensors& tensors, StateWriter& state) {
    for (const auto& [name, tensor] : tensors) {
        if (name.starts_with("model.") || name.starts_with("generator.")) state.tensor(name, tensor);
        if (name.starts_with("momentum.") || name == "has_gradient") state.under("optimizer").tensor(name, tensor);
        if (name == "order") state.under("loader").tensor(name, tensor);
        if (name == "outputs") state.under("test").tensor(name, tensor);
    }
}

}  // namespace

NamedTensors state_of_v1(const NamedTensors& tensors, const std::string& source) {
    const StateReader old(tensors, source);
    // testing, in a pass, examples given of the pass, correct, examples; correct and examples of the epoch's training
    const std::vector<std::int64_t> at = old.integers("position", 7);
    // loss of the pass; loss and accuracy of the epoch's training; seconds of the epoch, of the run
    const std::vector<double> sums = old.reals("sums", 5);

    NamedTensors converted;
    StateWriter state(converted);
    rename(tensors, state);
    Position position;
    position.history = history_of_v1(old.reals("history"));
    position.pass = at[0] != 0 ? Pass::test : Pass::train;
    position.in_pass = at[1] != 0;
    position.so_far.train = {.loss = sums[1], .accuracy = sums[2], .correct = at[5], .count = at[6]};
    position.seconds = sums[3];
    position.run_seconds = sums[4];
    position.save(state.under("position"));
    state.under("loader").integer("position", at[2]);
    StateWriter pass = state.under("sums");
    pass.real("loss", sums[0]);
    pass.integer("correct", at[3]);
    pass.integer("examples", at[4]);
    return converted;
}

}  // namespace labhost
