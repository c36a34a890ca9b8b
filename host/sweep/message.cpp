#include "sweep/message.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

namespace labhost {

namespace {

// The fields of each kind in the order of its bytes: the one list that writing and reading both go by.

auto fields(PassMetrics& it) { return std::tie(it.loss, it.accuracy, it.correct, it.count, it.mae, it.rmse, it.r2); }
auto fields(EpochMetrics& it) {
    return std::tie(it.epoch, it.train, it.validation, it.test, it.f1, it.f1_micro, it.top5, it.lr, it.seconds);
}
auto fields(Progress& it) { return std::tie(it.epoch, it.epochs, it.pass, it.batch, it.batches, it.examples, it.loss); }
auto fields(GpuMemory& it) { return std::tie(it.free, it.total); }
auto fields(MeasuredMemory& it) { return std::tie(it.before, it.now, it.runs, it.all_tested); }

auto fields(message::Resumed& it) { return std::tie(it.at, it.seconds, it.final); }
auto fields(message::Progressed& it) { return std::tie(it.at); }
auto fields(message::EpochFinished& it) { return std::tie(it.metrics); }
auto fields(message::Warned& it) { return std::tie(it.words); }
auto fields(message::Captured&) { return std::tie(); }
auto fields(message::Measured& it) { return std::tie(it.memory); }
auto fields(message::Paused&) { return std::tie(); }
auto fields(message::NotCaptured& it) { return std::tie(it.why); }
auto fields(message::GpuFaulted& it) { return std::tie(it.kind, it.code, it.words); }
auto fields(message::Finished& it) { return std::tie(it.seconds, it.final, it.kept_epoch); }
auto fields(message::Failed& it) { return std::tie(it.reason); }
auto fields(message::StorageFailed& it) { return std::tie(it.words); }
auto fields(RunMessage& it) { return std::tie(it.run, it.what); }

auto fields(command::Train& it) { return std::tie(it.number, it.index, it.from_scratch, it.duplicate_of); }
auto fields(command::NoMoreRuns&) { return std::tie(); }

template <class Value>
constexpr bool is_number = std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>;

class Encoder {
public:
    template <class Value>
    void put(Value& value) {
        if constexpr (is_number<Value>) {
            bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
        } else {
            std::apply([this](auto&... parts) { (put(parts), ...); }, fields(value));
        }
    }
    void put(bool value) { bytes_.push_back(value ? '\1' : '\0'); }
    void put(GpuFault::Kind kind) { bytes_.push_back(static_cast<char>(kind)); }
    void put(Pass pass) { bytes_.push_back(static_cast<char>(pass)); }
    void put(std::string& text) {
        std::size_t size = text.size();
        put(size);
        bytes_ += text;
    }
    void put(std::filesystem::path& path) {
        std::string text = path.native();
        put(text);
    }
    template <class Value>
    void put(std::optional<Value>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class... Kinds>
    void put(std::variant<Kinds...>& value) {
        bytes_.push_back(static_cast<char>(value.index()));
        std::visit([this](auto& kind) { put(kind); }, value);
    }

    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

/// Each `get` is false, with the value in no particular state, where the bytes are not that value's.
class Decoder {
public:
    explicit Decoder(std::string_view bytes) : bytes_(bytes) {}

    template <class Value>
    bool get(Value& value) {
        if constexpr (is_number<Value>) {
            return take(reinterpret_cast<char*>(&value), sizeof value);
        } else {
            return std::apply([this](auto&... parts) { return (get(parts) && ...); }, fields(value));
        }
    }
    bool get(bool& value) {
        char byte = 0;
        if (!take(&byte, 1) || (byte != '\0' && byte != '\1')) return false;
        value = byte == '\1';
        return true;
    }
    bool get(GpuFault::Kind& kind) {
        char byte = 0;
        if (!take(&byte, 1)) return false;
        kind = static_cast<GpuFault::Kind>(byte);
        return kind == GpuFault::Kind::out_of_memory || kind == GpuFault::Kind::device;
    }
    bool get(Pass& pass) {
        char byte = 0;
        if (!take(&byte, 1)) return false;
        pass = static_cast<Pass>(byte);
        return !to_text(pass).empty();
    }
    bool get(std::string& text) {
        std::size_t size = 0;
        if (!get(size) || size > bytes_.size()) return false;
        text = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return true;
    }
    bool get(std::filesystem::path& path) {
        std::string text;
        if (!get(text)) return false;
        path = std::move(text);
        return true;
    }
    template <class Value>
    bool get(std::optional<Value>& value) {
        bool is_there = false;
        if (!get(is_there)) return false;
        return !is_there || get(value.emplace());
    }
    template <class... Kinds>
    bool get(std::variant<Kinds...>& value) {
        char kind = 0;
        if (!take(&kind, 1)) return false;
        return get_kind(value, static_cast<unsigned char>(kind), std::index_sequence_for<Kinds...>());
    }

    bool is_at_end() const { return bytes_.empty(); }

private:
    template <class Variant, std::size_t... kinds>
    bool get_kind(Variant& value, std::size_t kind, std::index_sequence<kinds...> /*all*/) {
        return ((kinds == kind && get(value.template emplace<kinds>())) || ...);
    }

    bool take(char* to, std::size_t count) {
        if (count > bytes_.size()) return false;
        std::memcpy(to, bytes_.data(), count);
        bytes_.remove_prefix(count);
        return true;
    }

    std::string_view bytes_;
};

template <class Value>
std::string to_bytes(Value& value) {
    Encoder encoder;
    encoder.put(value);
    return encoder.take();
}

template <class Value>
std::optional<Value> from_bytes(std::string_view bytes) {
    Value value;
    Decoder decoder(bytes);
    if (!decoder.get(value) || !decoder.is_at_end()) return std::nullopt;
    return value;
}

}  // namespace

bool is_last_word(const WorkerMessage& message) {
    return ends_run(message) || std::holds_alternative<message::NotCaptured>(message) ||
           std::holds_alternative<message::GpuFaulted>(message) ||
           std::holds_alternative<message::StorageFailed>(message);
}

bool ends_run(const WorkerMessage& message) {
    return std::holds_alternative<message::Paused>(message) || std::holds_alternative<message::Finished>(message) ||
           std::holds_alternative<message::Failed>(message);
}

std::string encode(RunMessage message) { return to_bytes(message); }
std::string encode(WorkerCommand command) { return to_bytes(command); }

std::optional<RunMessage> decode_message(std::string_view bytes) { return from_bytes<RunMessage>(bytes); }
std::optional<WorkerCommand> decode_command(std::string_view bytes) { return from_bytes<WorkerCommand>(bytes); }

}  // namespace labhost
