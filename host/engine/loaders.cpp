#include "engine/loaders.hpp"

#include <torch/torch.h>

#include "data/random_split.hpp"

namespace labhost {

namespace {

torch::Tensor tensor_of(const std::vector<std::int64_t>& numbers) { return torch::tensor(numbers, torch::kInt64); }

}  // namespace

Loaders make_loaders(const RunSettings& run, const Dataset& dataset, const std::vector<std::int64_t>& sizes,
                     const EpochShape& shape, const c10::Device& device) {
    LoaderSettings test{.limit = shape.tested,
                        .batch_size = run.trainer.test_batch_size,
                        .sizes = sizes,
                        .normalize = run.data.normalize};
    if (!device.is_cpu()) test.gpu = device;
    LoaderSettings train = test;
    train.limit = dataset.validation ? shape.trained : shape.trained + shape.validated;
    LoaderSettings validation = train;
    if (dataset.validation) validation.limit = shape.validated;
    train.batch_size = run.trainer.batch_size;
    train.shuffle = run.data.shuffle;
    train.drop_last = run.data.drop_last;
    train.augment = run.data.augment;
    if (run.data.validation) {
        const TwoParts parts = split_off(train.limit, *run.data.validation, dataset.train.labels);
        train.examples = tensor_of(parts.rest);
        validation.examples = tensor_of(parts.part);
    }
    Loaders loaders{.train = Loader(dataset.train, train), .validation = {}, .test = Loader(dataset.test, test)};
    if (shape.validated > 0)
        loaders.validation.emplace(dataset.validation ? *dataset.validation : dataset.train, validation);
    return loaders;
}

}  // namespace labhost
