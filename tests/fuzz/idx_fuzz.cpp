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

std::optional<IdxFile> read(const std::filesystem::path& file) {
    try {
        return labhost::read_idx(file);
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
    const auto raw = read(file);
    if (is_gzip) return 0;
    if (raw && labhost::idx_bytes(*raw) != bytes) std::abort();
    const auto unpacked = read(gzipped(file, bytes));
    if (raw.has_value() != unpacked.has_value()) std::abort();
    if (raw && (raw->array.sizes != unpacked->array.sizes || raw->array.bytes != unpacked->array.bytes ||
                raw->sha256 != unpacked->sha256))
        std::abort();
    return 0;
}
