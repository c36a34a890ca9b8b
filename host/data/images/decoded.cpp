#include "data/images/decoded.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "data/images/decode.hpp"
#include "data/images/resize.hpp"
#include "support/child.hpp"
#include "support/console.hpp"
#include "support/error.hpp"
#include "support/file_descriptor.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/json.hpp"
#include "support/mapped_file.hpp"
#include "support/parallel.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// To be raised by a change of what the bytes are, or of how the file holds them.
constexpr int version = 1;

// The file: the images, one after the other; JSON of the rest; the JSON's size, 8 bytes; these 8 bytes.
constexpr std::string_view mark = "LABHIMG\n";

std::string name_of(std::span<const std::string> sha256, const ImageShape& shape, OnDamaged on_damaged) {
    Sha256 hash;
    hash.update(fmt::format("{} {} {} {} {}\n", version, shape.channels, shape.height, shape.width,
                            static_cast<int>(on_damaged)));
    for (const std::string& one : sha256) hash.update(one);
    return hash.finish();
}

fs::path cache_folder() {
    const fs::path cache = user_cache_folder();
    if (cache.empty())
        throw StorageError("neither HOME nor XDG_CACHE_HOME is set, so there is no folder for decoded images; set one");
    std::error_code error;
    fs::create_directories(cache / "images", error);
    if (error)
        throw StorageError(
            fmt::format("{}: error: cannot make this folder for decoded images: {}; set XDG_CACHE_HOME "
                        "to another",
                        (cache / "images").native(), error.message()));
    return cache / "images";
}

/// Nothing if it is not there, or not whole.
std::optional<DecodedImages> open(const fs::path& path, std::size_t files, const ImageShape& shape) {
    if (!file_exists(path)) return std::nullopt;
    const auto file = std::make_shared<const MappedFile>(path);
    const auto all = file->bytes();
    const auto text = [&](std::size_t from, std::size_t count) {
        return std::string_view(reinterpret_cast<const char*>(all.data()) + from, count);
    };
    std::uint64_t length = 0;
    const std::size_t tail = sizeof(length) + mark.size();
    if (all.size() < tail || text(all.size() - mark.size(), mark.size()) != mark) return std::nullopt;
    std::memcpy(&length, all.data() + all.size() - tail, sizeof(length));
    if (length > all.size() - tail) return std::nullopt;
    DecodedImages images;
    try {
        for (const Json& one : Json::parse(text(all.size() - tail - length, length)))
            images.damaged.push_back({one.at(0).get<std::size_t>(), one.at(1).get<std::string>()});
    } catch (const Json::exception&) {
        return std::nullopt;
    }
    const std::size_t size = (files - images.damaged.size()) * static_cast<std::size_t>(shape.bytes());
    if (all.size() != size + length + tail) return std::nullopt;
    images.bytes = {file, all.first(size)};
    std::error_code ignored;
    fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);  // used today
    return images;
}

/// A file that goes with the scope unless it is kept.
class NewFile {
public:
    explicit NewFile(const fs::path& path)
        : path_(fmt::format("{}.tmp{}", path.native(), ::getpid())),
          file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
        if (!file_) fail();
    }
    ~NewFile() { ::unlink(path_.c_str()); }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    NewFile(NewFile&&) = delete;
    NewFile& operator=(NewFile&&) = delete;

    /// Room for so much, where the file system can tell.
    void reserve(std::size_t bytes) const {
        while (::fallocate(file_.get(), 0, 0, static_cast<off_t>(bytes)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
            if (errno != EINTR) fail();
    }
    void write(std::size_t at, const void* bytes, std::size_t count) const {
        const char* rest = static_cast<const char*>(bytes);
        while (count > 0) {
            const ssize_t written = ::pwrite(file_.get(), rest, count, static_cast<off_t>(at));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail();
            rest += written;
            at += static_cast<std::size_t>(written);
            count -= static_cast<std::size_t>(written);
        }
    }
    void move(std::size_t from, std::size_t to, std::vector<std::uint8_t>& buffer) const {
        if (::pread(file_.get(), buffer.data(), buffer.size(), static_cast<off_t>(from)) !=
            static_cast<ssize_t>(buffer.size()))
            fail();
        write(to, buffer.data(), buffer.size());
    }
    /// Its end, after which nothing is left.
    void finish(std::size_t at, const std::string& text) const {
        const std::uint64_t length = text.size();
        write(at, text.data(), text.size());
        write(at + text.size(), &length, sizeof(length));
        write(at + text.size() + sizeof(length), mark.data(), mark.size());
        if (::ftruncate(file_.get(), static_cast<off_t>(at + text.size() + sizeof(length) + mark.size())) != 0 ||
            ::fsync(file_.get()) != 0)
            fail();
    }
    void keep(const fs::path& as) const {
        if (::rename(path_.c_str(), as.c_str()) != 0) fail();
    }

private:
    [[noreturn]] void fail() const {
        throw StorageError(
            fmt::format("{}: error: cannot write: {}; decoded images are kept there: make room, or set "
                        "XDG_CACHE_HOME to another folder",
                        path_, std::generic_category().message(errno)));
    }
    std::string path_;
    FileDescriptor file_;
};

/// [channels, height, width] of [height, width, channels].
std::vector<std::uint8_t> planes_of(const Image& image) {
    std::vector<std::uint8_t> planes(image.bytes.size());
    const auto channels = static_cast<std::size_t>(image.channels);
    const std::size_t pixels = planes.size() / channels;
    for (std::size_t channel = 0; channel < channels; ++channel)
        for (std::size_t pixel = 0; pixel < pixels; ++pixel)
            planes[channel * pixels + pixel] = image.bytes[pixel * channels + channel];
    return planes;
}

/// What a child does: all files into one.
class Decoding {
public:
    Decoding(const fs::path& folder, std::span<const StampedFile> files, std::span<const std::string> sha256,
             const ImageShape& shape, const NewFile& into)
        : folder_(&folder),
          files_(files),
          sha256_(sha256),
          shape_(shape),
          size_(static_cast<std::size_t>(shape.bytes())),
          into_(&into) {}

    /// [child]
    void run(OnDamaged on_damaged) {
        into_->reserve(files_.size() * size_);
        on_all_cores(files_.size(), [&](std::size_t i) { decode(i); });
        std::ranges::sort(damaged_, {}, &DecodedImages::Damaged::file);
        if (!damaged_.empty() && on_damaged == OnDamaged::fail) refuse();
        close_gaps();
        Json json = Json::array();
        for (const auto& [file, why] : damaged_) json.push_back({file, why});
        into_->finish((files_.size() - damaged_.size()) * size_, json.dump());
    }

private:
    void decode(std::size_t i) {
        const std::string bytes = read_as_hashed(*folder_, files_[i], sha256_[i]);
        try {
            const Image image = resized(
                decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, shape_.channels),
                shape_.height, shape_.width);
            const std::vector<std::uint8_t> planes = planes_of(image);
            into_->write(i * size_, planes.data(), planes.size());
        } catch (const DecodeError& e) {
            const std::scoped_lock lock(guard_);
            damaged_.push_back({i, e.what()});
        }
    }
    [[noreturn]] void refuse() const {
        const auto& [file, why] = damaged_.front();
        const std::string others = damaged_.size() == 1 ? "" : fmt::format(" (and {} more files)", damaged_.size() - 1);
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: it cannot be decoded: {}{}; mend or remove it, or leave such files out: "
                                "data.on_damaged = \"skip\"",
                                (*folder_ / files_[file].name).native(), printable(why), others));
    }
    /// Moves what lies after a damaged one.
    void close_gaps() const {
        std::vector<std::uint8_t> buffer(size_);
        auto gap = damaged_.begin();
        std::size_t to = 0;
        for (std::size_t i = 0; !damaged_.empty() && i < files_.size(); ++i) {
            if (gap != damaged_.end() && gap->file == i) {
                ++gap;
                continue;
            }
            if (to != i) into_->move(i * size_, to * size_, buffer);
            ++to;
        }
    }

    const fs::path* folder_;
    std::span<const StampedFile> files_;
    std::span<const std::string> sha256_;
    ImageShape shape_;
    std::size_t size_;  ///< of one, in bytes
    const NewFile* into_;
    std::mutex guard_{};
    std::vector<DecodedImages::Damaged> damaged_{};
};

/// What was not used for so long goes when something new comes.
void remove_old(const fs::path& cache) {
    constexpr auto long_ago = std::chrono::days(60);
    std::error_code ignored;
    for (auto entry = fs::directory_iterator(cache, ignored); !ignored && entry != fs::directory_iterator();
         entry.increment(ignored)) {
        std::error_code gone;
        const auto used = fs::last_write_time(entry->path(), gone);
        if (!gone && fs::file_time_type::clock::now() - used > long_ago) fs::remove(entry->path(), gone);
    }
}

/// Its messages: 'U' or 'S', for a fault of the files or of the cache, and which.
void decode_in_child(Decoding& decoding, OnDamaged on_damaged, const fs::path& folder) {
    const auto body = [&](const Outbox& outbox) {
        try {
            decoding.run(on_damaged);
        } catch (const StorageError& e) {
            outbox.send(fmt::format("S{}", e.what()));
        } catch (const std::exception& e) {
            outbox.send(fmt::format("U{}", e.what()));
        }
    };
    std::string fault;
    const ChildEnd end =
        run_in_child(body, {.capture_output = false, .on_message = [&](std::string_view what) { fault = what; }});
    if (fault.starts_with('S')) throw StorageError(fault.substr(1));
    if (fault.starts_with('U')) throw Error(ExitCode::usage, fault.substr(1));
    if (end.how != ChildEnd::How::completed)
        throw Error(ExitCode::run_failed, fmt::format("{}: error: the child process that decodes its images {}",
                                                      folder.native(), end.text()));
}

}  // namespace

DecodedImages decode_images(const fs::path& folder, std::span<const StampedFile> files,
                            std::span<const std::string> sha256, const ImageShape& shape, OnDamaged on_damaged) {
    const fs::path cache = cache_folder();
    const fs::path path = cache / name_of(sha256, shape, on_damaged);
    if (auto known = open(path, files.size(), shape)) return *std::move(known);
    diagnose(fmt::format("{}: decoding {} images to {}x{}x{} into {}\n", folder.native(), files.size(), shape.channels,
                         shape.height, shape.width, cache.native()));
    remove_old(cache);
    const StopSignals signals;  // noted, so that the file goes where it is not finished
    const NewFile file(path);
    Decoding decoding(folder, files, sha256, shape, file);
    decode_in_child(decoding, on_damaged, folder);
    file.keep(path);
    auto images = open(path, files.size(), shape);
    if (!images)
        throw StorageError(
            fmt::format("{}: error: does not hold what was written; is its disk all right?", path.native()));
    return *std::move(images);
}

}  // namespace labhost
