// The IDX format of MNIST's files: a big-endian header (magic, sizes) and numbers, raw or gzipped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/array.hpp"

namespace labhost {

struct IdxFile {
    Array array{};  ///< images: uint8 [N, height, width]; labels: uint8 [N]; any other type and rank that IDX has
    std::string sha256{};  ///< of the uncompressed file, header included
};

/// Reads a file of any type and number of dimensions. Throws Error (usage) with the path and what is wrong: not IDX, no
/// examples, shorter or longer than its header says, broken gzip data.
IdxFile read_idx(const std::filesystem::path& path);

/// The file's bytes, uncompressed: what `sha256` is the hash of.
std::string idx_bytes(const IdxFile& file);

}  // namespace labhost
