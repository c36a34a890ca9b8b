#include "data/loader.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>
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

Loader::Loader(const Split& split, std::int64_t count, std::int64_t batch_size, double mean, double std)
    : split_(&split), count_(count), batch_size_(batch_size), normalized_(normalization_table(mean, std)) {}

void Loader::begin_pass() {
    random_int64();
    const auto seed = static_cast<std::uint64_t>(random_int64());
    order_ = torch::randperm(count_, at::detail::createCPUGenerator(seed), torch::kInt64);
    position_ = 0;
}

void Loader::resume_pass(torch::Tensor order, std::int64_t position) {
    order_ = std::move(order);
    position_ = position;
}

bool Loader::next(Batch& batch) {
    if (position_ >= count_) return false;
    const std::int64_t size = std::min(batch_size_, count_ - position_);
    const std::int64_t pixels = split_->height * split_->width;
    batch.images = torch::empty({size, 1, split_->height, split_->width}, torch::kFloat32);
    batch.labels = torch::empty({size}, torch::kInt64);

    const std::span order(order_.data_ptr<std::int64_t>() + position_, static_cast<std::size_t>(size));
    auto* image = batch.images.data_ptr<float>();
    auto* label = batch.labels.data_ptr<std::int64_t>();
    for (const std::int64_t example : order) {
        const std::uint8_t* bytes = split_->images.data() + example * pixels;
        image = std::transform(bytes, bytes + pixels, image, [this](std::uint8_t byte) { return normalized_[byte]; });
        *label++ = split_->labels[static_cast<std::size_t>(example)];
    }
    position_ += size;
    return true;
}

}  // namespace labhost
