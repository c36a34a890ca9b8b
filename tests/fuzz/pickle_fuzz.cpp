// Any pickle in a sound archive: what state_dict_fuzz reaches only past the zip format.
#include <array>
#include <string>

#include <caffe2/serialize/inline_container.h>

#include "input_file.hpp"
#include "read_tensors.hpp"

namespace {

/// The pickle, and 64 bytes for its storage '0'.
std::string archive(std::string_view program) {
    std::string bytes;
    caffe2::serialize::PyTorchStreamWriter writer([&](const void* piece, std::size_t size) {
        bytes.append(static_cast<const char*>(piece), size);
        return size;
    });
    writer.writeRecord("data.pkl", program.data(), program.size());
    const std::array<char, 64> storage{};
    writer.writeRecord("data/0", storage.data(), storage.size());
    writer.writeEndOfFile();
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace labhost::testing;
    read_tensors(input_file(archive(text_of(data, size)), "model.pt"));
    return 0;
}
