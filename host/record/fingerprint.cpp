#include "record/fingerprint.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "config/keys.hpp"
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
std::string blas_name(const std::string& blas) {
    const auto words = split(blas, ' ');
    return join(std::span(words).first(std::min<std::size_t>(words.size(), 2)), " ");
}

}  // namespace

const Arithmetic& arithmetic_here() {
    static const Arithmetic here{
        .torch = fmt::format("{}+{}", host_stamp().field("torch"), host_stamp().field("build")),
        .blas = torch_info().blas,
        .instructions = std::string(instruction_set())};
    return here;
}

Json fingerprint_inputs(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                        const Dataset& dataset, const Device& device, const Arithmetic& arithmetic) {
    Json trainer = values_of(trainer_keys(), run.trainer, Use::fingerprint);
    Json data = values_of(data_keys(), run.data, Use::fingerprint);
    // What the keys with Effect::content come to.
    trainer["device"] = device.cuda ? "cuda" : "cpu";
    if (!run.trainer.init_from.empty()) trainer["init_from"] = run.trainer.init_from_sha256;
    data["train_limit"] = run.data.train_limit.value_or(dataset.train.count);
    data["test_limit"] = run.data.test_limit.value_or(dataset.test.count);
    data["sha256"] = dataset.sha256;
    // Fast kernels sum in an order that goes with the width of the processor's vectors.
    if (run.trainer.numerics == Numerics::fast && !device.cuda) trainer["kernels"] = arithmetic.instructions;
    return {{"plugin", plugin.sha256},
            {"params", to_json(params)},
            {"trainer", trainer},
            {"data", data},
            {"seed", run.seed},
            {"torch", arithmetic.torch},
            {"blas", blas_name(arithmetic.blas)},
            {"numerics_version", device.cuda ? numerics_version_on_a_gpu : numerics_version_on_a_cpu}};
}

Json prefix_inputs(Json inputs, const RunSettings& run, std::int64_t total_steps) {
    Json& trainer = inputs.at("trainer");
    for (const char* key : {"epochs", "stop", "keep", "keep_metric"}) trainer.erase(key);
    if (run.trainer.schedule && run.trainer.schedule->depends_on_the_total()) trainer["total_steps"] = total_steps;
    return inputs;
}

std::string fingerprint_of(const Json& inputs) {
    return sha256(nlohmann::json(inputs).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace labhost
