// A run small enough for a unit test: a plugin of this process, 40 images, and a trainer of LibTorch's on them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <labhost/plugin.hpp>

#include "config/experiment.hpp"
#include "data/dataset.hpp"
#include "plugin/params.hpp"
#include "plugin/plugin.hpp"
#include "train/trainer.hpp"

namespace labhost::testing {

/// Draws in every training step.
class TinyModel : public Model {
public:
    torch::Tensor forward(torch::Tensor x) override {
        return torch::log_softmax(linear(dropout(x.flatten(1))), /*dim=*/1);
    }

private:
    Dropout dropout = register_module("dropout", Dropout(0.25));
    torch::nn::Linear linear = register_module("linear", Linear(16, 3));
};

inline constexpr Descriptor tiny_declaration{.id = "tiny", .input = {1, 4, 4}, .classes = 3};
inline constexpr labhost_descriptor tiny_descriptor = detail::export_descriptor<TinyModel, tiny_declaration>();

inline Split tiny_split(std::int64_t count, std::uint8_t first) {
    Split split{.count = count, .sizes = {4, 4}, .largest_label = 2};
    std::vector<std::uint8_t> bytes;
    std::uint8_t byte = first;
    for (std::int64_t i = 0; i < count; ++i) {
        for (int pixel = 0; pixel < 16; ++pixel) bytes.push_back(byte = static_cast<std::uint8_t>(byte * 5 + 77));
        split.labels.push_back((byte / 16) % 3);
    }
    split.bytes = std::move(bytes);
    return split;
}

/// Three epochs of four training batches and two test batches.
class TinyRun {
public:
    TinyRun() {
        run.id = "tiny-s1";
        run.trainer.epochs = 3;
        run.trainer.batch_size = 8;
        run.trainer.test_batch_size = 6;
        run.data.normalize.mean = {0.5};
        run.data.normalize.std = {0.25};
        plugin.descriptor = &tiny_descriptor;
    }

    RunSettings run{};
    Plugin plugin{.file = "tiny.so", .sha256 = "", .stamp = Stamp("")};
    Dataset dataset{.name = "tiny", .folder = {}, .train = tiny_split(30, 1), .test = tiny_split(10, 2)};
};

/// Trains for so many steps, of training and test. False if the run was finished before.
inline bool train_steps(Trainer& trainer, std::int64_t epochs, int steps) {
    while (static_cast<std::int64_t>(trainer.history().size()) < epochs)
        if (!trainer.run_epoch([&](const Progress&) { return --steps != 0; })) return true;
    return false;
}

}  // namespace labhost::testing
