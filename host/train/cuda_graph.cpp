#include "train/cuda_graph.hpp"

#include <exception>
#include <utility>
#include <vector>

#include <torch/torch.h>
#include <torch/version.h>

#include "support/text.hpp"

// Before 2.4 a generator belongs to one graph at most, and the graphs of training and test need it both.
#define LABHOST_TORCH_HAS_GRAPHS (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

#if defined(LABHOST_WITH_CUDA)
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace labhost {

struct OwnStream::State {
    explicit State(torch::Device device)
        : guard(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {}
    c10::cuda::CUDAStreamGuard guard;
};

OwnStream::OwnStream(torch::Device device) : state_(std::make_unique<State>(device)) {}

bool can_capture_steps() { return LABHOST_TORCH_HAS_GRAPHS; }

struct StepGraph::State {
    static constexpr int warm_up = 3;  // PyTorch's own examples of whole-network capture take three
    int done = 0;
    std::unique_ptr<at::cuda::CUDAGraph> graph{};
};

StepGraph::StepGraph() : state_(std::make_unique<State>()) {}

namespace {

/// What a graph does not hold: the memory of a module's tensors, and the state of the CPU's generator.
struct OnTheHost {
    explicit OnTheHost(const torch::nn::Module& module)
        : generator(at::globalContext().defaultGenerator(torch::kCPU).get_state()) {
        for (const torch::Tensor& tensor : module.parameters()) memory.push_back(tensor.data_ptr());
        for (const torch::Tensor& tensor : module.buffers()) memory.push_back(tensor.data_ptr());
    }

    std::vector<void*> memory{};
    torch::Tensor generator;
};

void capture(at::cuda::CUDAGraph& graph, const std::function<void()>& step, const torch::nn::Module& module) {
    const OnTheHost before(module);
    graph.capture_begin();
    step();
    graph.capture_end();
    const OnTheHost after(module);
    if (!torch::equal(before.generator, after.generator))
        throw NotCaptured("it draws random numbers on the CPU");
    if (before.memory != after.memory) throw NotCaptured("it replaces a parameter or buffer instead of writing into it");
}

}  // namespace

void StepGraph::run(const std::function<void()>& step, const torch::nn::Module& module) {
    if (state_->done < State::warm_up) {
        step();
        ++state_->done;
        return;
    }
    if (!state_->graph) {
        auto graph = std::make_unique<at::cuda::CUDAGraph>();
        try {
            capture(*graph, step, module);
        } catch (const std::exception& e) {
            // Destroyed in the middle of a capture it would end the process; the process ends anyway.
            static_cast<void>(graph.release());
            const auto* const torch = dynamic_cast<const c10::Error*>(&e);
            throw NotCaptured(one_line(torch != nullptr ? torch->what_without_backtrace() : e.what()));
        }
        state_->graph = std::move(graph);
    }
    state_->graph->replay();
}

}  // namespace labhost

#else

namespace labhost {

struct OwnStream::State {};
OwnStream::OwnStream(torch::Device) {}
bool can_capture_steps() { return false; }
struct StepGraph::State {};
StepGraph::StepGraph() = default;
void StepGraph::run(const std::function<void()>&, const torch::nn::Module&) {
    throw NotCaptured("this LibTorch was built without CUDA");
}

}  // namespace labhost

#endif

namespace labhost {

OwnStream::~OwnStream() = default;
StepGraph::~StepGraph() = default;

}  // namespace labhost
