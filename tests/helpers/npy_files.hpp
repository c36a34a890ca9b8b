// .npy and .npz files of a test's own making.
#pragma once

#include <bit>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <zip.h>

namespace labhost::testing {

/// A .npy file of version 1.0 whose header is this Python literal.
inline std::string npy_with(std::string header, const std::string& values) {
    header += std::string(63 - (10 + header.size()) % 64, ' ') + "\n";
    std::string bytes = "\x93NUMPY\x01";
    bytes += '\0';
    bytes += static_cast<char>(header.size() & 0xFFU);
    bytes += static_cast<char>(header.size() >> 8U);
    return bytes + header + values;
}

/// `shape` as Python writes it: "(2, 3)".
inline std::string npy(const std::string& descr, const std::string& shape, const std::string& values) {
    return npy_with(fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr, shape), values);
}

/// The bytes of numbers in this machine's order.
template <class Number>
std::string bytes_of(const std::vector<Number>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

/// A .npz file with these members, deflated or stored.
inline void write_npz(const std::filesystem::path& file,
                      const std::vector<std::pair<std::string, std::string>>& members, bool deflated = true) {
    int error = 0;
    zip_t* archive = zip_open(file.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
    if (archive == nullptr) throw std::runtime_error("cannot write " + file.native());
    for (const auto& [name, bytes] : members) {
        const auto index = zip_file_add(archive, name.c_str(),
                                        zip_source_buffer(archive, bytes.data(), bytes.size(), 0), ZIP_FL_OVERWRITE);
        zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE,
                                 0);
    }
    if (zip_close(archive) != 0) throw std::runtime_error("cannot write " + file.native());
}

}  // namespace labhost::testing
