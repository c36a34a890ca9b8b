// An array as a file holds it: numbers of one type in row-major order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/error.hpp"

namespace labhost {

enum class ElementType {
    boolean,
    uint8,
    int8,
    uint16,
    int16,
    uint32,
    int32,
    uint64,
    int64,
    float16,
    float32,
    float64,
};

std::size_t size_of(ElementType type);

struct Array {
    ElementType type = ElementType::uint8;
    std::vector<std::int64_t> sizes{};  ///< none: a single number
    std::vector<std::uint8_t> bytes{};  ///< in this machine's byte order

    std::int64_t elements() const;
    /// "60000x28x28"
    std::string shape() const;
};

/// Throws Error (usage): "FILE: error: WHAT".
[[noreturn]] inline void refuse_data(const std::string& where, const std::string& what) {
    throw Error(ExitCode::usage, where + ": error: " + what);
}

/// "28x28"
std::string shape_text(const std::vector<std::int64_t>& sizes);

/// The product of the sizes; -1 where it exceeds 2^40, which no file that is meant holds.
std::int64_t product(const std::vector<std::int64_t>& sizes);

/// Turns each element's bytes around, where a file has the other order.
void swap_bytes(Array& array);

/// As float32, which integers and float64 are rounded to.
std::vector<float> to_floats(const Array& array);

std::vector<double> to_doubles(const Array& array);

/// As int64. `bad`: the index of the first that is no whole number in its range, else -1.
std::vector<std::int64_t> to_integers(const Array& array, std::int64_t& bad);

/// Moves the last axis of [n, height, width, channels] before the others: [n, channels, height, width].
void channels_first(Array& array);

}  // namespace labhost
