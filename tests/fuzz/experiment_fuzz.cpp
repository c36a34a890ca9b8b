// Any text as an experiment file: runs, or an Error.
#include "config/experiment.hpp"
#include "input_file.hpp"
#include "support/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace labhost;
    const auto file = testing::input_file(testing::text_of(data, size), "experiment.toml");
    try {
        read_experiment(file, {});
    } catch (const Error&) {  // what a damaged file should give
    }
    return 0;
}
