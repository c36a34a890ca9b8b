// Any bytes as a file of torch.save: a state_dict, or an Error.
#include "input_file.hpp"
#include "read_tensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace labhost::testing;
    read_tensors(input_file(text_of(data, size), "model.pt"));
    return 0;
}
