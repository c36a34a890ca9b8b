// What is kept of a run's best epoch: its weights, and the outputs of its test.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/pickle.hpp"
#include "engine/predictions.hpp"
#include "engine/state.hpp"

namespace labhost {

class KeptEpoch final : public Stateful {
public:
    /// `count`: of the test examples; `device`: where outputs are.
    KeptEpoch(std::int64_t count, torch::Device device) : outputs_(count, device) {}

    /// Copies them.
    void take(std::int64_t epoch, const NamedTensors& weights, const TestOutputs& outputs);

    std::int64_t epoch() const { return epoch_; }  ///< 0: none yet
    const NamedTensors& weights() const { return weights_; }
    const TestOutputs& outputs() const { return outputs_; }

    void save(StateWriter state) const override;
    void load(const StateReader& state) override;

private:
    std::int64_t epoch_ = 0;
    NamedTensors weights_{};  ///< on the CPU
    TestOutputs outputs_;
};

}  // namespace labhost
