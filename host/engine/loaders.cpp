#include "engine/loaders.hpp"

#include <tuple>

#include <torch/types.h>

namespace labhost {

Loaders make_loaders(const RunSettings& run, const Dataset& dataset, const EpochShape& shape,
                     const c10::Device& device) {
    LoaderSettings test{
        .limit = shape.tested, .batch_size = run.trainer.test_batch_size, .mean = run.data.mean, .std = run.data.std};
    if (!device.is_cpu()) test.gpu = device;
    LoaderSettings train = test;
    train.limit = shape.trained + shape.validated;
    LoaderSettings validation = train;
    train.batch_size = run.trainer.batch_size;
    train.shuffle = run.data.shuffle;
    train.drop_last = run.data.drop_last;
    train.augment = run.data.augment;
    if (shape.validated > 0)
        std::tie(train.examples, validation.examples) =
            split_examples(train.limit, shape.validated, run.data.validation->seed);
    Loaders loaders{.train = Loader(dataset.train, train), .validation = {}, .test = Loader(dataset.test, test)};
    if (shape.validated > 0) loaders.validation.emplace(dataset.train, validation);
    return loaders;
}

}  // namespace labhost
