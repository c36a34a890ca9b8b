#include "train/epoch_shape.hpp"

#include <fmt/format.h>

#include "data/random_split.hpp"

namespace labhost {

EpochShape epoch_shape(const RunSettings& run, const Dataset& dataset) {
    EpochShape shape;
    const std::int64_t count = run.data.train_limit.value_or(dataset.train.count);
    if (run.data.validation) {
        shape.validated = part_size(count, *run.data.validation);
        if (shape.validated < 1 || shape.validated >= count)
            fail_at(run.data.validation->where,
                    fmt::format("data.validation: of {} training examples {} would be kept to validate with; at least "
                                "one must be, and one trained on",
                                count, shape.validated));
    }
    shape.trained = count - shape.validated;
    if (dataset.validation) shape.validated = dataset.validation->count;
    shape.tested = run.data.test_limit.value_or(dataset.test.count);
    const std::int64_t size = run.trainer.batch_size;
    const std::int64_t short_batch = shape.trained % size;
    shape.batches = shape.trained / size + (short_batch > 0 && !run.data.drop_last ? 1 : 0);
    if (shape.batches == 0)
        fail_at(run.data.drop_last_where,
                fmt::format("data.drop_last leaves no batch: there are {} examples to train on, and "
                            "trainer.batch_size is {}",
                            shape.trained, size));
    shape.last_batch = short_batch > 0 && !run.data.drop_last ? short_batch : size;
    shape.steps = (shape.batches + run.trainer.accumulate - 1) / run.trainer.accumulate;
    return shape;
}

}  // namespace labhost
