// Any bytes as a .csv file: an Error, or a data set.
#include <cstdlib>

#include "data/dataset.hpp"
#include "input_file.hpp"
#include "support/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace labhost;
    const auto file = testing::input_file(testing::text_of(data, size), "x.csv");
    try {
        const DataSettings settings{.dataset = file.native(), .test = PartSettings{.fraction = 0.5}, .target = "y"};
        const Dataset dataset = load_dataset(settings, "/nowhere", TargetKind::reals);
        if (dataset.train.count < 1 || dataset.test.count < 1) std::abort();
    } catch (const Error&) {  // what a damaged file should give
    }
    return 0;
}
