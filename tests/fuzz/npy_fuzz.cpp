// Any bytes as a .npy file, and what is one as examples and as labels: an Error, or as many values as the shape says.
#include <cstdlib>

#include "data/examples.hpp"
#include "data/npy.hpp"
#include "input_file.hpp"
#include "support/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace labhost;
    const auto bytes = testing::text_of(data, size);
    try {
        const Array array = read_npy(bytes, "x.npy");
        if (static_cast<std::int64_t>(array.bytes.size() / size_of(array.type)) != product(array.sizes)) std::abort();
        const RawSplit raw{.inputs = {array, "x"}, .targets = {array, "y"}};
        for (const auto& layout : {std::optional<Layout>(), std::optional(Layout::nchw), std::optional(Layout::nhwc)}) {
            RawSplit labelled = raw;
            labelled.targets.array = {
                .type = ElementType::uint8, .sizes = {array.sizes.empty() ? 1 : array.sizes.front()}, .bytes = {}};
            labelled.targets.array.bytes.resize(
                static_cast<std::size_t>(array.sizes.empty() || array.elements() == 0 ? 0 : array.sizes.front()));
            const Split split = make_split(std::move(labelled), layout);
            const std::size_t values = split.is_bytes() ? split.bytes.size() : split.reals.size();
            if (static_cast<std::int64_t>(values) != split.count * split.elements()) std::abort();
        }
        make_split(raw, {});
    } catch (const Error&) {  // what a damaged file should give
    }
    return 0;
}
