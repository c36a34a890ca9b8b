#include "data/idx.hpp"

#include <algorithm>
#include <array>
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

std::uint32_t big_endian(std::span<const std::uint8_t, 4> bytes) {
    return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U | std::uint32_t{bytes[2]} << 8U | bytes[3];
}

std::uint32_t read_number(Stream& stream) {
    std::array<std::uint8_t, 4> bytes{};
    if (stream.read(bytes) != bytes.size()) stream.fail("is truncated: it ends inside its header");
    return big_endian(bytes);
}

}  // namespace

IdxFile read_idx(const std::filesystem::path& path, std::size_t rank) {
    Stream stream(path);
    const std::uint32_t magic = read_number(stream);
    const std::uint32_t expected = 0x00000800U + static_cast<std::uint32_t>(rank);
    if (magic != expected)
        stream.fail(fmt::format("is no IDX file of {}: its magic number is 0x{:08x}, not 0x{:08x}",
                                rank == 1 ? "labels" : "images", magic, expected));
    IdxFile file;
    std::uint64_t promised = 1;
    for (std::size_t d = 0; d < rank; ++d) {
        const std::uint32_t size = read_number(stream);
        file.sizes.push_back(size);
        if (size != 0 && promised > (std::uint64_t{1} << 40U) / size)
            stream.fail("has a header that promises more than a terabyte; the file is damaged");
        promised *= size;
    }
    if (promised == 0) stream.fail("holds no examples");

    // In pieces: a damaged header must not make us ask for memory that the file does not fill.
    while (file.values.size() < promised) {
        const std::size_t before = file.values.size();
        const std::uint64_t piece = before == 0 ? 1U << 20U : 1U << 26U;
        file.values.resize(static_cast<std::size_t>(std::min(promised, before + piece)));
        const std::size_t count = stream.read(std::span(file.values).subspan(before));
        if (before + count < file.values.size())
            stream.fail(
                fmt::format("is truncated: its header promises {} values, it holds {}", promised, before + count));
    }
    std::array<std::uint8_t, 1> more{};
    if (stream.read(more) != 0)
        stream.fail(fmt::format("is too long: there are bytes after the {} values its header promises", promised));
    file.sha256 = stream.sha256();
    return file;
}

std::string idx_bytes(const IdxFile& file) {
    const auto rank = static_cast<std::uint32_t>(file.sizes.size());
    std::string bytes;
    const auto append = [&](std::uint32_t number) {
        for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(number >> shift & 0xFFU);
    };
    append(0x00000800U + rank);
    for (const std::int64_t size : file.sizes) append(static_cast<std::uint32_t>(size));
    bytes.append(reinterpret_cast<const char*>(file.values.data()), file.values.size());
    return bytes;
}

}  // namespace labhost
