#include "data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

#include <fmt/format.h>
#include <zlib.h>

#include "support/error.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace {

/// A raw or gzipped file, read in order; everything read is hashed.
class Stream {
public:
    explicit Stream(const std::filesystem::path& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
        if (!file_) fail(fmt::format("cannot read: {}", std::strerror(errno)));
        gzbuffer(file_.get(), 1U << 18U);
    }

    /// Fills `buffer`; returns how many bytes there were.
    std::size_t read(std::span<std::uint8_t> buffer) {
        std::size_t done = 0;
        while (done < buffer.size()) {
            constexpr std::size_t most = 1U << 30U;  // gzread counts in int
            const int count =
                gzread(file_.get(), buffer.data() + done, static_cast<unsigned>(std::min(most, buffer.size() - done)));
            int code = Z_OK;
            const char* message = gzerror(file_.get(), &code);
            if (count < 0 || (code != Z_OK && code != Z_STREAM_END)) {
                if (code == Z_BUF_ERROR) fail("is truncated: its gzip data ends too early");
                fail(fmt::format("cannot be read: {}", code == Z_ERRNO ? std::strerror(errno) : message));
            }
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        hash_.update({reinterpret_cast<const char*>(buffer.data()), done});
        return done;
    }

    std::string sha256() { return hash_.finish(); }

    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ExitCode::usage, fmt::format("{}: error: {}", path_.native(), what));
    }

private:
    struct Close {
        void operator()(gzFile_s* file) const { gzclose(file); }
    };
    std::filesystem::path path_;
    std::unique_ptr<gzFile_s, Close> file_;
    Sha256 hash_;
};

/// The format's codes of idx_types.
struct IdxType {
    std::uint8_t code;
    ElementType type;
};
constexpr std::array<IdxType, 6> idx_types{{{0x08, ElementType::uint8},
                                            {0x09, ElementType::int8},
                                            {0x0B, ElementType::int16},
                                            {0x0C, ElementType::int32},
                                            {0x0D, ElementType::float32},
                                            {0x0E, ElementType::float64}}};

std::uint32_t big_endian(std::span<const std::uint8_t, 4> bytes) {
    return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U | std::uint32_t{bytes[2]} << 8U | bytes[3];
}

std::uint32_t read_number(Stream& stream) {
    std::array<std::uint8_t, 4> bytes{};
    if (stream.read(bytes) != bytes.size()) stream.fail("is truncated: it ends inside its header");
    return big_endian(bytes);
}

}  // namespace

IdxFile read_idx(const std::filesystem::path& path) {
    Stream stream(path);
    const std::uint32_t magic = read_number(stream);
    const auto type = std::ranges::find(idx_types, static_cast<std::uint8_t>(magic >> 8U & 0xFFU), &IdxType::code);
    const std::uint32_t rank = magic & 0xFFU;
    if (magic >> 16U != 0 || type == idx_types.end() || rank == 0)
        stream.fail(fmt::format(
            "is no IDX file: its magic number is 0x{:08x}, not such as 0x00000803 (images of bytes)", magic));
    IdxFile file{.array = {.type = type->type}};
    Array& array = file.array;
    for (std::uint32_t d = 0; d < rank; ++d) array.sizes.push_back(read_number(stream));
    const std::int64_t elements = product(array.sizes);
    if (elements < 0) stream.fail("has a header that promises more than a terabyte; the file is damaged");
    if (elements == 0) stream.fail("holds no examples");

    const std::size_t size = size_of(array.type);
    const std::uint64_t promised = static_cast<std::uint64_t>(elements) * size;
    // In pieces: a damaged header must not make us ask for memory that the file does not fill.
    while (array.bytes.size() < promised) {
        const std::size_t before = array.bytes.size();
        const std::uint64_t piece = before == 0 ? 1U << 20U : 1U << 26U;
        array.bytes.resize(static_cast<std::size_t>(std::min(promised, before + piece)));
        const std::size_t count = stream.read(std::span(array.bytes).subspan(before));
        if (before + count < array.bytes.size())
            stream.fail(fmt::format("is truncated: its header promises {} values, it holds {}", elements,
                                    (before + count) / size));
    }
    std::array<std::uint8_t, 1> more{};
    if (stream.read(more) != 0)
        stream.fail(fmt::format("is too long: there are bytes after the {} values its header promises", elements));
    file.sha256 = stream.sha256();
    if (std::endian::native == std::endian::little) swap_bytes(array);
    return file;
}

std::string idx_bytes(const IdxFile& file) {
    std::string bytes;
    const auto append = [&](std::uint32_t number) {
        for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(number >> shift & 0xFFU);
    };
    const auto code = std::ranges::find(idx_types, file.array.type, &IdxType::type)->code;
    append(std::uint32_t{code} << 8U | static_cast<std::uint32_t>(file.array.sizes.size()));
    for (const std::int64_t size : file.array.sizes) append(static_cast<std::uint32_t>(size));
    Array written = file.array;
    if (std::endian::native == std::endian::little) swap_bytes(written);
    bytes.append(reinterpret_cast<const char*>(written.bytes.data()), written.bytes.size());
    return bytes;
}

}  // namespace labhost
