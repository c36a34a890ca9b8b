// Models that pass the gate and then misbehave, compiled once, for the SDK's headers cost 10 s a file. model.cpp makes
// a plugin of each.
#include <labhost/plugin.hpp>

#include <unistd.h>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <vector>

struct OneLayer : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
};

/// The functions that the plugin's descriptor points to.
#define BAD_MODEL(name, ModelClass)                                                                                   \
    constexpr labhost::Descriptor name##_declared{.id = #name, .input = {1, 28, 28}, .classes = 10};                  \
    constexpr labhost_descriptor name##_exported = labhost::detail::export_descriptor<ModelClass, name##_declared>(); \
    extern "C" std::int32_t name##_create(const labhost_value* values, void* model, char* error, std::size_t size) {  \
        return name##_exported.create(values, model, error, size);                                                    \
    }                                                                                                                 \
    extern "C" std::int32_t name##_forward(void* model, const void* input, void* output, char* error,                 \
                                           std::size_t size) {                                                        \
        return name##_exported.forward(model, input, output, error, size);                                            \
    }                                                                                                                 \
    static_assert(true, "a semicolon is fine")

/// Drops units in evaluation too.
struct AlwaysDrops final : OneLayer {
    Tensor forward(Tensor x) override { return log_softmax(fc(torch::dropout(x.flatten(1), 0.5, true)), 1); }
};
BAD_MODEL(always_drops, AlwaysDrops);

/// Returns nine columns where it declares ten.
struct WrongShape final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 9));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};
BAD_MODEL(wrong_shape, WrongShape);

/// Returns NaN.
struct NanOutput final : OneLayer {
    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) * NAN, 1); }
};
BAD_MODEL(nan_output, NanOutput);

/// Returns logits where nll wants log-probabilities.
struct Logits final : OneLayer {
    Tensor forward(Tensor x) override { return fc(x.flatten(1)); }
};
BAD_MODEL(logits, Logits);

/// Takes batches of 64 and no others.
struct FixedBatch final : OneLayer {
    Tensor forward(Tensor x) override { return log_softmax(fc(x.view({64, 784})), 1); }
};
BAD_MODEL(fixed_batch, FixedBatch);

/// Changes its input in place.
struct WritesInput final : OneLayer {
    Tensor forward(Tensor x) override { return log_softmax(fc(x.mul_(0.5).flatten(1)), 1); }
};
BAD_MODEL(writes_input, WritesInput);

/// Says the same of every image.
struct LearnsNothing final : OneLayer {
    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) * 0, 1); }
};
BAD_MODEL(learns_nothing, LearnsNothing);

/// Draws its weights from another source than the generator that is seeded.
struct Unseeded final : OneLayer {
    Unseeded() {
        const torch::NoGradGuard no_grad;
        fc->weight[0][0] = static_cast<double>(std::random_device()()) * 1e-10;
    }

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};
BAD_MODEL(unseeded, Unseeded);

/// Registers a layer that forward does not use.
struct UnusedLayer final : OneLayer {
    Linear unused = register_module("unused", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};
BAD_MODEL(unused_layer, UnusedLayer);

/// Trains a layer that it does not register.
struct UnregisteredLayer final : OneLayer {
    Linear hidden{784, 784};

    Tensor forward(Tensor x) override { return log_softmax(fc(hidden(x.flatten(1))), 1); }
};
BAD_MODEL(unregistered_layer, UnregisteredLayer);

/// Keeps a random tensor out of its state_dict.
struct UnregisteredBuffer final : OneLayer {
    Tensor mask = torch::rand({784});

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1) * mask), 1); }
};
BAD_MODEL(unregistered_buffer, UnregisteredBuffer);

/// Registers a layer under two names.
struct RegisteredTwice final : OneLayer {
    Linear again = register_module("again", fc);

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) + again(x.flatten(1)), 1); }
};
BAD_MODEL(registered_twice, RegisteredTwice);

static torch::Tensor shared;

/// Its instances share a variable.
struct SharesState final : OneLayer {
    Tensor forward(Tensor x) override {
        shared = fc(x.flatten(1));
        ::usleep(1000);  // what others do between two steps
        return log_softmax(shared, 1);
    }
};
BAD_MODEL(shares_state, SharesState);

struct Doubled : torch::autograd::Function<Doubled> {
    static torch::Tensor forward(torch::autograd::AutogradContext*, const torch::Tensor& x) { return x.clone(); }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                   const torch::autograd::variable_list& gradients) {
        return {gradients[0] * 2};
    }
};

/// Has a function whose gradient is twice what it should be.
struct WrongGradient final : OneLayer {
    Tensor forward(Tensor x) override { return log_softmax(Doubled::apply(fc(x.flatten(1))), 1); }
};
BAD_MODEL(wrong_gradient, WrongGradient);

/// Keeps every output with its history.
struct Leaks final : OneLayer {
    std::vector<Tensor> kept;

    Tensor forward(Tensor x) override {
        kept.push_back(log_softmax(fc(x.flatten(1)), 1));
        return kept.back();
    }
};
BAD_MODEL(leaks, Leaks);

/// Its constructor throws.
struct ThrowsInConstructor final : labhost::Model {
    ThrowsInConstructor() { throw std::runtime_error("the constructor's own words"); }
    Tensor forward(Tensor x) override { return x; }
};
BAD_MODEL(throws_in_constructor, ThrowsInConstructor);

/// Its forward throws.
struct ThrowsInForward final : OneLayer {
    Tensor forward(Tensor) override { throw std::runtime_error("forward's own words"); }
};
BAD_MODEL(throws_in_forward, ThrowsInForward);

/// Its forward throws what is no std::exception.
struct ThrowsNonStd final : OneLayer {
    Tensor forward(Tensor) override { throw 42; }
};
BAD_MODEL(throws_non_std, ThrowsNonStd);

/// Crashes in its third batch.
struct CrashesInForward final : OneLayer {
    int batches = 0;

    Tensor forward(Tensor x) override {
        if (++batches == 3) std::raise(SIGSEGV);
        return log_softmax(fc(x.flatten(1)), 1);
    }
};
BAD_MODEL(crashes_in_forward, CrashesInForward);

/// Ends its process in forward.
struct ExitsInForward final : OneLayer {
    Tensor forward(Tensor) override { std::exit(3); }
};
BAD_MODEL(exits_in_forward, ExitsInForward);

/// Dies when its model is built.
struct DiesAtOnce final : OneLayer {
    DiesAtOnce() { std::raise(SIGBUS); }
    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};
BAD_MODEL(dies_at_once, DiesAtOnce);

/// Ends its process in its second batch, unless the file that FAILS_AT_FIRST names is there; makes that file.
struct FailsAtFirst final : OneLayer {
    int batches = 0;

    Tensor forward(Tensor x) override {
        const char* marker = std::getenv("FAILS_AT_FIRST");
        if (++batches == 2 && marker != nullptr && !std::filesystem::exists(marker)) {
            std::ofstream(marker) << "once";
            std::_Exit(9);
        }
        return log_softmax(fc(x.flatten(1)), 1);
    }
};
BAD_MODEL(fails_at_first, FailsAtFirst);

/// Never comes back from forward.
struct HangsInForward final : OneLayer {
    Tensor forward(Tensor) override {
        for (;;) ::pause();
    }
};
BAD_MODEL(hangs_in_forward, HangsInForward);

/// Allocates without end in its second batch.
struct AllocatesWithoutEnd final : OneLayer {
    int batches = 0;

    Tensor forward(Tensor x) override {
        std::vector<Tensor> kept;
        if (++batches == 2)
            for (;;) kept.push_back(torch::ones({1 << 20}));
        return log_softmax(fc(x.flatten(1)), 1);
    }
};
BAD_MODEL(allocates_without_end, AllocatesWithoutEnd);

/// Keeps a tensor on the CPU when the model moves to a GPU.
struct StaysOnCpu final : OneLayer {
    Tensor scale = torch::ones({10});

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)) * scale, 1); }
};
BAD_MODEL(stays_on_cpu, StaysOnCpu);

/// Reads a value back in forward, so that no CUDA graph can hold it.
struct SyncsInForward final : OneLayer {
    Tensor forward(Tensor x) override {
        x = x.flatten(1);
        return log_softmax(x.sum().item<double>() == 0.5 ? fc(-x) : fc(x), 1);
    }
};
BAD_MODEL(syncs_in_forward, SyncsInForward);

/// Reads beyond its input: on a GPU a device-side assertion, after which the process's CUDA is of no more use.
struct AssertsOnDevice final : OneLayer {
    Tensor forward(Tensor x) override {
        const Tensor columns = torch::full({784}, 784, torch::TensorOptions(x.device()).dtype(torch::kInt64));
        return log_softmax(fc(x.flatten(1).index_select(1, columns)), 1);
    }
};
BAD_MODEL(asserts_on_device, AssertsOnDevice);

/// Takes so many GiB of a GPU's memory in each step as LABHOST_TEST_GIB says.
struct TakesMemory final : OneLayer {
    Tensor forward(Tensor x) override {
        const char* gib = std::getenv("LABHOST_TEST_GIB");
        std::vector<Tensor> kept;
        for (int i = gib != nullptr && x.is_cuda() ? std::atoi(gib) : 0; i > 0; --i)
            kept.push_back(torch::empty({1 << 30}, torch::TensorOptions(x.device()).dtype(torch::kUInt8)));
        return log_softmax(fc(x.flatten(1)), 1);
    }
};
BAD_MODEL(takes_memory, TakesMemory);

/// Its backward pass adds in any order on a GPU, and LibTorch has no other form of it.
struct AddsInAnyOrder final : labhost::Model {
    Linear fc = register_module("fc", Linear(49, 10));

    Tensor forward(Tensor x) override {
        const Tensor pooled = std::get<0>(torch::adaptive_max_pool2d(x * fc->weight[0][0], {7, 7}));
        return log_softmax(fc(pooled.flatten(1)), 1);
    }
};
BAD_MODEL(adds_in_any_order, AddsInAnyOrder);

/// The state of its dropout is cuDNN's on a GPU.
struct RecurrentDropout final : labhost::Model {
    torch::nn::LSTM lstm = register_module(
        "lstm", torch::nn::LSTM(torch::nn::LSTMOptions(28, 16).num_layers(2).dropout(0.5).batch_first(true)));
    Linear fc = register_module("fc", Linear(16, 10));

    Tensor forward(Tensor x) override {
        const Tensor output = std::get<0>(lstm(x.flatten(1, 2)));
        return log_softmax(fc(output.select(1, 27)), 1);
    }
};
BAD_MODEL(recurrent_dropout, RecurrentDropout);
