// IDX files of a test's own making.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "helpers/temporary_folder.hpp"

namespace labhost::testing {

inline std::string big_endian(std::uint32_t value) {
    return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U & 0xFFU),
            static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
}

/// A file with this magic number, these sizes and as many zero bytes as `values`.
inline std::string idx_bytes(std::uint32_t magic, const std::vector<std::uint32_t>& sizes, std::string_view values) {
    std::string bytes = big_endian(magic);
    for (const std::uint32_t size : sizes) bytes += big_endian(size);
    return bytes.append(values);
}

inline std::string images(std::uint32_t count, std::uint32_t height, std::uint32_t width) {
    std::string values(std::size_t{count} * height * width, '\0');
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<char>(i * 7 % 256);
    return idx_bytes(0x803, {count, height, width}, values);
}

inline std::string labels(const std::string& values) {
    return idx_bytes(0x801, {static_cast<std::uint32_t>(values.size())}, values);
}

/// The four files of a small data set: images of `side` x `side`, `train` and `test` many, labels 0, 1, 2, ... 9, 0,
/// ...
inline void write_dataset(const TemporaryFolder& folder, std::uint32_t train, std::uint32_t test, std::uint32_t side) {
    const auto cycle = [](std::uint32_t count) {
        std::string values(count, '\0');
        for (std::uint32_t i = 0; i < count; ++i) values[i] = static_cast<char>(i % 10);
        return labels(values);
    };
    folder.write("train-images-idx3-ubyte", images(train, side, side));
    folder.write("train-labels-idx1-ubyte", cycle(train));
    folder.write("t10k-images-idx3-ubyte", images(test, side, side));
    folder.write("t10k-labels-idx1-ubyte", cycle(test));
}

}  // namespace labhost::testing
