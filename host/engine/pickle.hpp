// Python's state_dicts: written so that torch.load reads them, and read as torch.save wrote them.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <torch/types.h>

namespace labhost {

/// Names and tensors in the order of a state_dict.
using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// A file in torch.save's zip format that holds collections.OrderedDict[str, Tensor]; also loads with
/// `weights_only=True`. Tensors are stored as CPU tensors.
std::string pickle_state_dict(const NamedTensors& tensors);

/// Reads a file that torch.save wrote (PyTorch 1.6 or later, default protocol) from a state_dict, or one that
/// pickle_state_dict made. Runs no code of the file. Throws Error (usage) naming the file and what is wrong.
NamedTensors unpickle_state_dict(const std::filesystem::path& file);

}  // namespace labhost
