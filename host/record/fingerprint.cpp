#include "record/fingerprint.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "support/hash.hpp"
#include "support/machine.hpp"
#include "support/text.hpp"
#include "train/torch_info.hpp"

namespace labhost {

namespace {

/// To be raised by any change of the trainer that changes numbers there.
constexpr int numerics_version_on_a_cpu = 1;
constexpr int numerics_version_on_a_gpu = 2;  // 2: deterministic algorithms unasked, TF32 of "fast" as in "pytorch"

/// "OpenBLAS 0.3.21", "MKL", or the library's path: without the processor it chose its kernels for, so that results
/// can be shared between machines of a cluster.
std::string blas_name() {
    static const std::string name = [] {
        const auto words = split(torch_info().blas, ' ');
        return join(std::span(words).first(std::min<std::size_t>(words.size(), 2)), " ");
    }();
    return name;
}

}  // namespace

Json fingerprint_inputs(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                        const Dataset& dataset, const Device& device) {
    Json trainer = to_json(run.trainer);
    for (const char* limit : {"timeout", "memory_limit", "checkpoint_every"}) trainer.erase(limit);
    trainer["device"] = device.cuda ? "cuda" : "cpu";
    if (!run.trainer.init_from.empty()) trainer["init_from"] = run.trainer.init_from_sha256;
    Json data = to_json(run.data);
    data.erase("dataset");
    data["train_limit"] = run.data.train_limit.value_or(dataset.train.count);
    data["test_limit"] = run.data.test_limit.value_or(dataset.test.count);
    data["sha256"] = dataset.sha256;
    // Fast kernels sum in an order that goes with the width of the processor's vectors.
    if (run.trainer.numerics == Numerics::fast && !device.cuda) trainer["kernels"] = instruction_set();
    return {{"plugin", plugin.sha256},
            {"params", to_json(params)},
            {"trainer", trainer},
            {"data", data},
            {"seed", run.seed},
            {"torch", fmt::format("{}+{}", host_stamp().field("torch"), host_stamp().field("build"))},
            {"blas", blas_name()},
            {"numerics_version", device.cuda ? numerics_version_on_a_gpu : numerics_version_on_a_cpu}};
}

std::string fingerprint_of(const Json& inputs) {
    return sha256(nlohmann::json(inputs).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace labhost
