// TensorBoard's event files: records of a length, a protocol buffer of type tensorflow.Event, and their checksums.
//
// Written by hand: Debian's libprotobuf would be a second one in the process where LibTorch brings its own
// (docs/decisions/0019). Field numbers are those of tensorflow/core/util/event.proto, framework/summary.proto,
// tensor.proto and tensor_shape.proto; the framing is that of lib/io/record_writer.h.
#include "report/tensorboard.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <iomanip>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <boost/crc.hpp>

#include "analysis/query.hpp"
#include "record/run_layout.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view file_name = "events.out.tfevents.";
constexpr std::string_view file_end = ".labhost";

template <class Unsigned>
std::string little_endian(Unsigned value) {
    std::string bytes;
    for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
    return bytes;
}

/// A protocol buffer that grows field by field (protobuf.dev/programming-guides/encoding).
class Message {
public:
    Message& integer(std::uint32_t field, std::uint64_t value) {
        key(field, 0);
        varint(value);
        return *this;
    }
    Message& real64(std::uint32_t field, double value) {
        key(field, 1);
        bytes_ += little_endian(std::bit_cast<std::uint64_t>(value));
        return *this;
    }
    Message& real32(std::uint32_t field, float value) {
        key(field, 5);
        bytes_ += little_endian(std::bit_cast<std::uint32_t>(value));
        return *this;
    }
    Message& text(std::uint32_t field, std::string_view value) {
        key(field, 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    Message& message(std::uint32_t field, const Message& value) { return text(field, value.bytes_); }
    const std::string& bytes() const { return bytes_; }

private:
    void key(std::uint32_t field, std::uint32_t type) { varint(field << 3U | type); }
    void varint(std::uint64_t value) {
        for (; value >= 0x80U; value >>= 7U) bytes_ += static_cast<char>((value & 0x7FU) | 0x80U);
        bytes_ += static_cast<char>(value);
    }
    std::string bytes_;
};

/// CRC-32C, rotated and shifted: a checksum of bytes that hold checksums would be a weak one.
std::string masked_crc(std::string_view bytes) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    const std::uint32_t sum = crc.checksum();
    return little_endian((sum >> 15U | sum << 17U) + 0xA282EAD8U);
}

std::string record(const Message& event) {
    const std::string length = little_endian(static_cast<std::uint64_t>(event.bytes().size()));
    return length + masked_crc(length) + event.bytes() + masked_crc(event.bytes());
}

Message event_at(double seconds, std::int64_t step) {
    Message event;
    event.real64(1, seconds);
    if (step > 0) event.integer(2, static_cast<std::uint64_t>(step));
    return event;
}

Message scalar(const std::string& tag, double value) {
    return Message().text(1, tag).real32(2, static_cast<float>(value));
}

/// As torch.utils.tensorboard's add_text writes it.
Message text(const std::string& tag, const std::string& value) {
    constexpr std::uint64_t string_type = 7;
    const Message metadata = Message().message(1, Message().text(1, "text"));
    const Message shape = Message().message(2, Message().integer(1, 1));
    const Message tensor = Message().integer(1, string_type).message(2, shape).text(8, value);
    return Message().text(1, tag).message(9, metadata).message(8, tensor);
}

/// Seconds since 1970 of "2026-11-25T02:25:00Z"; 0 for what is no such time.
double seconds_of(const std::string& time) {
    std::istringstream stream(time);
    std::tm parts{};
    stream >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%SZ");
    return stream.fail() ? 0.0 : static_cast<double>(timegm(&parts));
}

std::string settings_table(const RunRecord& run) {
    std::string table = "| setting | value |\n|---|---|\n";
    const auto cell = [](const std::string& text) {
        std::string escaped;
        for (const char c : printable(one_line(text))) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
        return escaped;
    };
    const auto row = [&](const std::string& key, const std::string& value) {
        table += fmt::format("| {} | {} |\n", cell(key), cell(value));
    };
    row("model", run.model);
    row("seed", fmt::format("{}", run.seed));
    for (const std::string& key : setting_keys(std::span(&run, 1)))
        if (const auto value = value_of(run, key)) row(key, plain_text(*value));
    return table;
}

std::string events_of(const RunRecord& run, const std::vector<EpochMetrics>& epochs, double start) {
    std::string file = record(event_at(start, 0).text(3, "brain.Event:2"));
    file += record(event_at(start, 0).message(5, Message().message(1, text("hparams", settings_table(run)))));
    for (const EpochMetrics& epoch : epochs) {
        start += epoch.seconds;
        const Json metrics = to_json(epoch);
        Message summary;
        for (const auto& [key, value] : metrics.items()) {
            if (key == "epoch") continue;
            const std::string tag = join(split(key, '.'), "/");
            summary.message(1, scalar(tag, value.is_number() ? value.get<double>() : std::nan("")));
        }
        file += record(event_at(start, epoch.epoch).message(5, summary));
    }
    return file;
}

void remove_earlier(const fs::path& folder, std::error_code& error) {
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().native();
        if (name.starts_with(file_name) && name.ends_with(file_end)) fs::remove(entry->path(), error);
    }
}

/// A name of one folder, whatever a record says.
std::string folder_name(const std::string& text) {
    std::string name;
    for (const char c : text.substr(0, 200)) name += c == '.' || is_file_name(std::string(1, c)) ? c : '_';
    return name.find_first_not_of('.') == std::string::npos ? "_" + name : name;
}

}  // namespace

std::size_t write_tensorboard(std::span<const RunRecord> runs, const fs::path& folder) {
    std::set<fs::path> written;
    for (const RunRecord& run : runs) {
        const auto epochs = read_epochs(run.folder);
        if (epochs.empty()) continue;
        const double start =
            seconds_of(text_at(object_in(read_object(run.folder / run_file::record), "provenance"), "started"));
        std::error_code error;
        const std::string name = folder_name(fs::weakly_canonical(run.folder, error).filename().native());
        fs::path target = folder / folder_name(run.experiment) / name;
        for (int copy = 2; !written.insert(target).second; ++copy)  // copies of a run, from several places
            target = folder / folder_name(run.experiment) / fmt::format("{}-{}", name, copy);
        error.clear();
        fs::create_directories(target, error);
        if (!error) remove_earlier(target, error);
        if (error)
            throw StorageError(
                fmt::format("{}: error: cannot write events there: {}; choose another with --tensorboard DIR",
                            target.native(), error.message()));
        write_file_atomically(target / fmt::format("{}{:.0f}{}", file_name, start, file_end),
                              events_of(run, epochs, start));
    }
    return written.size();
}

}  // namespace labhost
