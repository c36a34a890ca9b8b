// The IDX format of MNIST's files: a big-endian header (magic, sizes) and unsigned bytes, raw or gzipped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace labhost {

struct IdxFile {
    std::vector<std::int64_t> sizes{};   ///< images: N, height, width; labels: N
    std::vector<std::uint8_t> values{};  ///< their product many, in row-major order
    std::string sha256{};                ///< of the uncompressed file, header included
};

/// Reads a file of unsigned bytes with `rank` dimensions (1 or 3). Throws Error (usage) with the path and what is
/// wrong: not IDX, another rank or type, shorter or longer than its header says, broken gzip data.
IdxFile read_idx(const std::filesystem::path& path, std::size_t rank);

/// The file's bytes, uncompressed: what `sha256` is the hash of.
std::string idx_bytes(const IdxFile& file);

}  // namespace labhost
