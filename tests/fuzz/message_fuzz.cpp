// What a worker sends: any bytes are a message or none, and a message's bytes are those it is made of again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sweep/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (auto message = labhost::decode_message(bytes); message && labhost::encode(*std::move(message)) != bytes)
        std::abort();
    if (auto command = labhost::decode_command(bytes); command && labhost::encode(*std::move(command)) != bytes)
        std::abort();
    return 0;
}
