#include "engine/loader.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <torch/torch.h>

namespace labhost {

namespace {

std::int64_t random_int64() { return torch::empty({}, torch::kInt64).random_().item<std::int64_t>(); }

}  // namespace

Loader::Loader(const Split& split, const LoaderSettings& settings)
    : split_(&split),
      sizes_(settings.sizes.empty() ? split.sizes : settings.sizes),
      elements_(split.elements()),
      limit_(settings.limit),
      examples_(settings.examples.defined() ? settings.examples : torch::arange(limit_, torch::kInt64)),
      batch_size_(settings.batch_size),
      count_(settings.drop_last ? examples_.size(0) / batch_size_ * batch_size_ : examples_.size(0)),
      shuffle_(settings.shuffle),
      normalizer_(settings.normalize, channels_of(split.sizes), elements_ / channels_of(split.sizes)) {
    if (settings.augment.any())
        augment_.emplace(settings.augment,
                         ImageSize{.channels = channels_of(split.sizes),
                                   .height = split.sizes[split.sizes.size() - 2],
                                   .width = split.sizes.back()},
                         normalizer_.tables());
    if (settings.gpu) make_resident(*settings.gpu);
}

void Loader::make_resident(const torch::Device& gpu) {
    const auto to_device = [&](const void* data, at::IntArrayRef sizes, torch::ScalarType type) {
        return torch::from_blob(const_cast<void*>(data), sizes, type).to(gpu, /*non_blocking=*/false, /*copy=*/true);
    };
    std::vector<std::int64_t> sizes{limit_};
    sizes.insert(sizes.end(), sizes_.begin(), sizes_.end());
    resident_ = {.images = {},
                 .targets = split_->outputs > 0
                                ? to_device(split_->targets.data(), {limit_, split_->outputs}, torch::kFloat32)
                                : to_device(split_->labels.data(), {limit_}, torch::kInt64),
                 .normalized = {},
                 .order = {}};
    if (augment_) {  // which makes each batch here
        resident_->images = torch::empty({0}, torch::TensorOptions(gpu).dtype(torch::kUInt8));
    } else if (split_->is_bytes() && normalizer_.tables().size() == 1) {
        std::vector<std::uint8_t> drawn;  // in the order of their examples
        if (!split_->places.empty())
            for (std::int64_t example = 0; example < limit_; ++example)
                drawn.insert(drawn.end(), split_->bytes_of(example), split_->bytes_of(example) + elements_);
        resident_->images = to_device(drawn.empty() ? split_->bytes.data() : drawn.data(), sizes, torch::kUInt8);
        resident_->normalized = to_device(normalizer_.tables().front().data(), {256}, torch::kFloat32);
    } else {
        const torch::Tensor reals = torch::empty(sizes, torch::kFloat32);
        auto* at = reals.data_ptr<float>();
        for (std::int64_t example = 0; example < limit_; ++example, at += elements_) fill(example, at);
        resident_->images = reals.to(gpu);
    }
}

void Loader::fill(std::int64_t example, float* into) {
    if (augment_)
        augment_->fill(split_->bytes_of(example), into);
    else if (split_->is_bytes())
        normalizer_.fill(split_->bytes_of(example), into);
    else
        normalizer_.fill(split_->reals_of(example), into);
}

void Loader::begin_pass() {
    random_int64();
    torch::Tensor order = examples_;
    if (shuffle_) {
        const auto seed = static_cast<std::uint64_t>(random_int64());
        order = examples_.index_select(
            0, torch::randperm(examples_.size(0), at::detail::createCPUGenerator(seed), torch::kInt64));
    }
    take_order(std::move(order), 0);
}

void Loader::save(StateWriter state) const {
    state.tensor("order", order_);
    state.integer("position", position_);
}

void Loader::load(const StateReader& state) {
    const std::int64_t position = state.integer("position");
    if (position < 0 || position > count_) state.fail("position", fmt::format("is {} of {}", position, count_));
    take_order(state.tensor("order", torch::kInt64, examples_.sizes()), position);
}

void Loader::take_order(torch::Tensor order, std::int64_t position) {
    order_ = std::move(order);
    position_ = position;
    if (resident_) resident_->order = order_.to(resident_->images.device());
}

torch::Tensor Loader::next_examples() {
    const std::int64_t size = std::min(batch_size_, count_ - position_);
    position_ += size;
    return resident_->order.narrow(0, position_ - size, size);
}

Batch Loader::gather(const torch::Tensor& examples) const {
    torch::Tensor images = resident_->images.index_select(0, examples);
    if (images.scalar_type() == torch::kUInt8)
        images = resident_->normalized.index_select(0, images.flatten().to(torch::kInt32)).view(images.sizes());
    return {.images = images, .targets = resident_->targets.index_select(0, examples), .examples = examples};
}

bool Loader::next(Batch& batch) {
    if (at_end()) return false;
    if (resident_ && !augment_) {
        batch = gather(next_examples());
        return true;
    }
    const std::int64_t size = std::min(batch_size_, count_ - position_);
    batch = make(std::span(order_.data_ptr<std::int64_t>() + position_, static_cast<std::size_t>(size)));
    batch.examples = order_.narrow(0, position_, size);
    position_ += size;
    if (!resident_) return true;
    const torch::Device gpu = resident_->images.device();
    batch = {.images = batch.images.to(gpu), .targets = batch.targets.to(gpu), .examples = batch.examples.to(gpu)};
    return true;
}

torch::Tensor Loader::targets_of(std::span<const std::int64_t> examples) const {
    const auto size = static_cast<std::int64_t>(examples.size());
    if (split_->outputs == 0) {
        torch::Tensor labels = torch::empty({size}, torch::kInt64);
        std::ranges::transform(examples, labels.data_ptr<std::int64_t>(),
                               [&](std::int64_t example) { return split_->labels[static_cast<std::size_t>(example)]; });
        return labels;
    }
    torch::Tensor targets = torch::empty({size, split_->outputs}, torch::kFloat32);
    auto* at = targets.data_ptr<float>();
    for (const std::int64_t example : examples)
        at = std::copy_n(split_->targets.data() + example * split_->outputs, split_->outputs, at);
    return targets;
}

std::vector<double> Loader::variation() const {
    const torch::Tensor& of_pass = order_.defined() ? order_ : examples_;  // with drop_last not all of them
    const std::span examples(of_pass.data_ptr<std::int64_t>(), static_cast<std::size_t>(count_));
    const auto width = static_cast<std::size_t>(split_->outputs);
    std::vector<double> means(width);
    std::vector<double> variation(width);
    const auto each = [&](auto visit) {
        for (const std::int64_t example : examples)
            for (std::size_t output = 0; output < width; ++output)
                visit(output, double{split_->targets[static_cast<std::size_t>(example) * width + output]});
    };
    each([&](std::size_t output, double target) { means[output] += target; });
    for (double& mean : means) mean /= static_cast<double>(count_);
    each([&](std::size_t output, double target) {
        variation[output] += (target - means[output]) * (target - means[output]);
    });
    return variation;
}

Batch Loader::make(std::span<const std::int64_t> examples) {
    std::vector<std::int64_t> sizes{static_cast<std::int64_t>(examples.size())};
    sizes.insert(sizes.end(), sizes_.begin(), sizes_.end());
    Batch batch{.images = torch::empty(sizes, torch::kFloat32), .targets = targets_of(examples), .examples = {}};
    auto* image = batch.images.data_ptr<float>();
    for (const std::int64_t example : examples) {
        fill(example, image);
        image += elements_;
    }
    return batch;
}

}  // namespace labhost
