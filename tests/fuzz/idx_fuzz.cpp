// Any bytes as an IDX file, as they are and gzipped: the same values both ways, or an Error both ways.
#include <cstdlib>
#include <optional>
#include <string>

#include <zlib.h>

#include "data/idx.hpp"
#include "input_file.hpp"
#include "support/error.hpp"

namespace {

using labhost::IdxFile;

std::optional<IdxFile> read(const std::filesystem::path& file, std::size_t rank) {
    try {
        return labhost::read_idx(file, rank);
    } catch (const labhost::Error&) {  // what a damaged file should give
        return std::nullopt;
    }
}

std::filesystem::path gzipped(const std::filesystem::path& beside, std::string_view bytes) {
    auto path = beside;
    path += ".gz";
    gzFile file = gzopen(path.c_str(), "wb1");
    if (file == nullptr) std::abort();
    if (!bytes.empty()) gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = labhost::testing::text_of(data, size);
    const auto file = labhost::testing::input_file(bytes, "idx");
    const bool is_gzip = bytes.starts_with("\x1f\x8b");  // zlib unpacks it once, not twice
    for (const std::size_t rank : {1U, 3U}) {
        const auto raw = read(file, rank);
        if (raw && !is_gzip && labhost::idx_bytes(*raw) != bytes) std::abort();
        if (is_gzip) continue;
        const auto unpacked = read(gzipped(file, bytes), rank);
        if (raw.has_value() != unpacked.has_value()) std::abort();
        if (raw &&
            (raw->sizes != unpacked->sizes || raw->values != unpacked->values || raw->sha256 != unpacked->sha256))
            std::abort();
    }
    return 0;
}
