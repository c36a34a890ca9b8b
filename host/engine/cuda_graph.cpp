#include "engine/cuda_graph.hpp"

#include <exception>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "engine/libtorch_errors.hpp"
#include "support/text.hpp"
#include "train/gpu_fault.hpp"

#if defined(LABHOST_WITH_CUDA)
#include <ATen/cuda/CUDAGraph.h>

namespace labhost {

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

/// cudaErrorStreamCapture... are 900 to 908; words without a number are of what a step did in one.
bool is_of_a_capture(const GpuFault& fault) {
    constexpr int first = 900;
    constexpr int last = 908;
    return fault.kind() == GpuFault::Kind::device &&
           (fault.code() == 0 || (fault.code() >= first && fault.code() <= last));
}

void capture(at::cuda::CUDAGraph& graph, const std::function<void()>& step, const torch::nn::Module& module) {
    const OnTheHost before(module);
    graph.capture_begin();
    step();
    graph.capture_end();
    const OnTheHost after(module);
    if (!torch::equal(before.generator, after.generator)) throw NotCaptured("it draws random numbers on the CPU");
    if (before.memory != after.memory)
        throw NotCaptured("it replaces a parameter or buffer instead of writing into it");
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
            const std::string words = one_line(torch != nullptr ? torch->what_without_backtrace() : e.what());
            const auto fault = torch != nullptr ? gpu_fault_of(*torch, words) : gpu_fault_in(words);
            if (fault && !is_of_a_capture(*fault)) throw *fault;  // not this plugin's doing
            throw NotCaptured(words);
        }
        state_->graph = std::move(graph);
    }
    state_->graph->replay();
}

bool StepGraph::captured() const { return state_->graph != nullptr; }

}  // namespace labhost

#else

namespace labhost {

struct StepGraph::State {};
StepGraph::StepGraph() = default;
void StepGraph::run(const std::function<void()>&, const torch::nn::Module&) {
    throw NotCaptured("this LibTorch was built without CUDA");
}
bool StepGraph::captured() const { return false; }

}  // namespace labhost

#endif

namespace labhost {

StepGraph::~StepGraph() = default;

}  // namespace labhost
