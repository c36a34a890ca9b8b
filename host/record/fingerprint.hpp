// A run's fingerprint: the hash of all that determines its numbers.
#pragma once

#include <cstdint>
#include <string>

#include "config/experiment.hpp"
#include "data/dataset.hpp"
#include "plugin/params.hpp"
#include "plugin/plugin.hpp"
#include "record/json.hpp"
#include "train/device.hpp"

namespace labhost {

/// What computes here. A run's numbers go with it.
struct Arithmetic {
    std::string torch{};         ///< "1.13.0+cpu": LibTorch's version and build
    std::string blas{};          ///< as LibTorch tells it: "OpenBLAS 0.3.21 ... Haswell"
    std::string instructions{};  ///< "avx2": whose vectors the fast kernels on a CPU go with
};

/// Of this host and machine. Throws what torch_info() throws.
const Arithmetic& arithmetic_here();

/// What a run's numbers depend on, by content: the plugin's bytes, its parameters, the settings the trainer reads, the
/// data files' bytes, seed, LibTorch build and BLAS, class of device, and the version of the trainer's own arithmetic.
/// Names, folders and times have no part in it.
Json fingerprint_inputs(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                        const Dataset& dataset, const Device& device, const Arithmetic& arithmetic = arithmetic_here());

/// The inputs of all runs that are the same as far as the shorter of them goes: without epochs, stop and keep, but with
/// `total_steps`, the optimizer's in the whole run, where the schedule depends on that.
Json prefix_inputs(Json inputs, const RunSettings& run, std::int64_t total_steps);

/// SHA-256 of the inputs with sorted keys; 64 hexadecimal digits.
std::string fingerprint_of(const Json& inputs);

}  // namespace labhost
