// The fuzzer's input as a file, for readers that take a path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "helpers/temporary_folder.hpp"

namespace labhost::testing {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// `bytes` as the file `name` of a folder that is this process's own; the next call may overwrite it.
inline std::filesystem::path input_file(std::string_view bytes, const char* name) {
    static const TemporaryFolder folder;
    return folder.write(name, bytes);
}

}  // namespace labhost::testing
