#include "engine/loader.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <torch/torch.h>

namespace labhost {

namespace {

std::int64_t random_int64() { return torch::empty({}, torch::kInt64).random_().item<std::int64_t>(); }

}  // namespace

std::array<float, 256> normalization_table(double mean, double std) {
    std::array<float, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte)
        table[byte] = (static_cast<float>(byte) / 255.0F - static_cast<float>(mean)) / static_cast<float>(std);
    return table;
}

std::pair<torch::Tensor, torch::Tensor> split_examples(std::int64_t count, std::int64_t validated, std::uint64_t seed) {
    const torch::Tensor order = torch::randperm(count, at::detail::createCPUGenerator(seed), torch::kInt64);
    return {order.narrow(0, 0, count - validated), order.narrow(0, count - validated, validated)};
}

Loader::Loader(const Split& split, const LoaderSettings& settings)
    : split_(&split),
      limit_(settings.limit),
      examples_(settings.examples.defined() ? settings.examples : torch::arange(limit_, torch::kInt64)),
      batch_size_(settings.batch_size),
      count_(settings.drop_last ? examples_.size(0) / batch_size_ * batch_size_ : examples_.size(0)),
      shuffle_(settings.shuffle),
      normalized_(normalization_table(settings.mean, settings.std)) {
    if (settings.augment.any())
        augment_.emplace(settings.augment, ImageSize{.channels = 1, .height = split.height, .width = split.width},
                         normalized_);
    if (!settings.gpu) return;
    const auto to_device = [&](const void* data, at::IntArrayRef sizes, torch::ScalarType type) {
        return torch::from_blob(const_cast<void*>(data), sizes, type)
            .to(*settings.gpu, /*non_blocking=*/false, /*copy=*/true);
    };
    resident_ = {.images = to_device(split.images.data(), {limit_, 1, split.height, split.width}, torch::kUInt8),
                 .labels = to_device(split.labels.data(), {limit_}, torch::kUInt8).to(torch::kInt64),
                 .normalized = to_device(normalized_.data(), {256}, torch::kFloat32),
                 .order = {}};
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
    const torch::Tensor bytes = resident_->images.index_select(0, examples);
    return {.images = resident_->normalized.index_select(0, bytes.flatten().to(torch::kInt32)).view(bytes.sizes()),
            .labels = resident_->labels.index_select(0, examples),
            .examples = examples};
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
    batch = {.images = batch.images.to(gpu), .labels = batch.labels.to(gpu), .examples = batch.examples.to(gpu)};
    return true;
}

Batch Loader::make(std::span<const std::int64_t> examples) {
    const auto size = static_cast<std::int64_t>(examples.size());
    const std::int64_t pixels = split_->height * split_->width;
    Batch batch{.images = torch::empty({size, 1, split_->height, split_->width}, torch::kFloat32),
                .labels = torch::empty({size}, torch::kInt64),
                .examples = {}};
    auto* image = batch.images.data_ptr<float>();
    auto* label = batch.labels.data_ptr<std::int64_t>();
    for (const std::int64_t example : examples) {
        const std::uint8_t* bytes = split_->images.data() + example * pixels;
        if (augment_)
            augment_->fill(bytes, image);
        else
            std::transform(bytes, bytes + pixels, image, [this](std::uint8_t byte) { return normalized_[byte]; });
        image += pixels;
        *label++ = split_->labels[static_cast<std::size_t>(example)];
    }
    return batch;
}

}  // namespace labhost
