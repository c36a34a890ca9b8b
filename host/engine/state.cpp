#include "engine/state.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "support/error.hpp"

namespace labhost {

namespace {

std::string form_of(torch::ScalarType type, torch::IntArrayRef sizes) {
    return fmt::format("{} [{}]", c10::toString(type), fmt::join(sizes, ", "));
}

template <class T>
std::vector<T> values_of(const torch::Tensor& tensor) {
    const torch::Tensor plain = tensor.contiguous();
    const T* first = plain.data_ptr<T>();
    return {first, first + plain.numel()};
}

}  // namespace

StateWriter StateWriter::under(std::string_view part) const {
    StateWriter inner(*this);
    inner.prefix_ = fmt::format("{}{}.", prefix_, part);
    return inner;
}

void StateWriter::tensor(std::string_view name, const torch::Tensor& value) {
    tensors_->emplace_back(fmt::format("{}{}", prefix_, name),
                           value.detach().to(value.options().device(torch::kCPU), /*non_blocking=*/false,
                                             /*copy=*/true));
}

void StateWriter::integers(std::string_view name, const std::vector<std::int64_t>& values) {
    tensors_->emplace_back(fmt::format("{}{}", prefix_, name), torch::tensor(values, torch::kInt64));
}

void StateWriter::reals(std::string_view name, const std::vector<double>& values) {
    tensors_->emplace_back(fmt::format("{}{}", prefix_, name), torch::tensor(values, torch::kFloat64));
}

StateReader StateReader::under(std::string_view part) const {
    StateReader inner(*this);
    inner.prefix_ = fmt::format("{}{}.", prefix_, part);
    return inner;
}

void StateReader::fail(std::string_view name, std::string_view what) const {
    throw Error(ExitCode::usage, fmt::format("{}: error: '{}{}' {}", source_, prefix_, name, what));
}

const torch::Tensor* StateReader::find(std::string_view name) const {
    const std::string full = fmt::format("{}{}", prefix_, name);
    const auto found = std::ranges::find(*tensors_, full, &NamedTensors::value_type::first);
    return found == tensors_->end() ? nullptr : &found->second;
}

torch::Tensor StateReader::tensor(std::string_view name, torch::ScalarType type) const {
    const torch::Tensor* found = find(name);
    if (found == nullptr) fail(name, "is missing");
    if (found->scalar_type() != type)
        fail(name, fmt::format("is {}, and {} is wanted", form_of(found->scalar_type(), found->sizes()),
                               c10::toString(type)));
    return *found;
}

torch::Tensor StateReader::tensor(std::string_view name, torch::ScalarType type, torch::IntArrayRef sizes) const {
    torch::Tensor found = tensor(name, type);
    if (found.sizes() != sizes)
        fail(name, fmt::format("is {}, and {} is wanted", form_of(type, found.sizes()), form_of(type, sizes)));
    return found;
}

std::vector<std::int64_t> StateReader::integers(std::string_view name) const {
    return values_of<std::int64_t>(tensor(name, torch::kInt64));
}

std::vector<std::int64_t> StateReader::integers(std::string_view name, std::int64_t count) const {
    return values_of<std::int64_t>(tensor(name, torch::kInt64, {count}));
}

std::vector<double> StateReader::reals(std::string_view name) const {
    return values_of<double>(tensor(name, torch::kFloat64));
}

std::vector<double> StateReader::reals(std::string_view name, std::int64_t count) const {
    return values_of<double>(tensor(name, torch::kFloat64, {count}));
}

NamedTensors StateReader::all() const {
    NamedTensors found;
    for (const auto& [name, tensor] : *tensors_)
        if (name.starts_with(prefix_)) found.emplace_back(name.substr(prefix_.size()), tensor);
    return found;
}

}  // namespace labhost
