#include "engine/pickle.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <variant>

#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>
#include <torch/csrc/jit/serialization/pickler.h>
#include <torch/torch.h>

#include "support/error.hpp"
#include "support/files.hpp"

namespace labhost {

// ---- writing

std::string pickle_state_dict(const NamedTensors& tensors) {
    c10::Dict<std::string, torch::Tensor> dict;
    for (const auto& [name, tensor] : tensors) dict.insert(name, tensor.detach().cpu().contiguous());

    std::string program;
    // Without type tags: they name a TorchScript helper that torch.load(weights_only=True) refuses.
    torch::jit::Pickler pickler([&](const char* bytes, std::size_t size) { program.append(bytes, size); }, nullptr,
                                nullptr, nullptr, nullptr, /*tag_aggregates=*/false);
    pickler.protocol();
    pickler.pushIValue(dict);
    pickler.stop();
    // LibTorch pickles a dict; a state_dict is an OrderedDict, which is filled by the same instructions.
    constexpr std::string_view ordered_dict = "ccollections\nOrderedDict\n)R";
    const std::string_view head("\x80\x02}", 3);
    if (!program.starts_with(head)) throw Error(ExitCode::run_failed, "LibTorch pickles dicts in an unknown way");
    program.replace(head.size() - 1, 1, ordered_dict);

    std::string file;
    caffe2::serialize::PyTorchStreamWriter writer([&](const void* bytes, std::size_t size) {
        file.append(static_cast<const char*>(bytes), size);
        return size;
    });
    writer.writeRecord("data.pkl", program.data(), program.size());
    std::size_t index = 0;
    for (const torch::Tensor& tensor : pickler.tensorData()) {
        const auto data = torch::jit::getWriteableTensorData(tensor);
        writer.writeRecord(fmt::format("data/{}", index++), data.data(), data.sizeInBytes());
    }
    writer.writeEndOfFile();
    return file;
}

// ---- reading
//
// LibTorch's own unpickler drops OrderedDicts (they come out as None), so a state_dict needs this one. It knows the
// instructions that pickle protocol 2 uses for containers of tensors, and no others; a global is only a name here, and
// the few that may be called are listed in `call`. Opcodes: Python's pickletools.py.

namespace {

struct Object;
using Value = std::shared_ptr<Object>;
using Values = std::vector<Value>;

struct None {};
struct Global {
    std::string name;  // "module class"
};
struct Tuple {
    Values items;
};
struct Dict {
    std::vector<std::pair<Value, Value>> items;
};
/// Deeper nesting is refused: values are freed recursively.
constexpr int deepest = 100;

struct Object {
    std::variant<None, bool, std::int64_t, double, std::string, Global, Tuple, Dict, torch::Tensor> is;
    int depth = 0;      ///< of the containers in it
    bool held = false;  ///< by a container
};

template <class T>
Value make(T value) {
    return std::make_shared<Object>(Object{std::move(value)});
}

class Damaged : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Notes that `outer` now holds `inner`. What is held may not grow any more: it could come to hold itself, or to be
/// deeper than what holds it knows. Python fills a container before it puts it in another one.
void nest(Object& outer, Object& inner) {
    inner.held = true;
    if (outer.held) throw Damaged("is damaged: a dict in another one is filled later");
    outer.depth = std::max(outer.depth, inner.depth + 1);
    if (outer.depth > deepest) throw Damaged("is nested too deeply");
}

Value make_tuple(Values items) {
    Object tuple{Tuple{std::move(items)}};
    for (const Value& item : std::get<Tuple>(tuple.is).items) nest(tuple, *item);
    return std::make_shared<Object>(std::move(tuple));
}

template <class T>
T& as(const Value& value) {
    auto* found = std::get_if<T>(&value->is);
    if (found == nullptr) throw Damaged("holds something else than a dict of tensors");
    return *found;
}

torch::ScalarType storage_type(const std::string& global) {
    static const std::map<std::string, torch::ScalarType> types{
        {"torch FloatStorage", torch::kFloat32}, {"torch DoubleStorage", torch::kFloat64},
        {"torch HalfStorage", torch::kFloat16},  {"torch BFloat16Storage", torch::kBFloat16},
        {"torch LongStorage", torch::kInt64},    {"torch IntStorage", torch::kInt32},
        {"torch ShortStorage", torch::kInt16},   {"torch CharStorage", torch::kInt8},
        {"torch ByteStorage", torch::kUInt8},    {"torch BoolStorage", torch::kBool}};
    const auto found = types.find(global);
    if (found == types.end()) throw Damaged(fmt::format("holds a tensor of the unknown type {}", global));
    return found->second;
}

std::vector<std::int64_t> integers(const Value& tuple) {
    std::vector<std::int64_t> found;
    for (const Value& item : as<Tuple>(tuple).items) found.push_back(as<std::int64_t>(item));
    return found;
}

class Unpickler {
public:
    Unpickler(std::string program, caffe2::serialize::PyTorchStreamReader& archive)
        : program_(std::move(program)), archive_(archive) {}

    Value run() {
        for (;;) {
            const char opcode = take<char>();
            if (opcode == '.') return pop();
            step(opcode);
        }
    }

private:
    void step(char opcode) {
        switch (opcode) {
            case '\x80': take<char>(); break;                                  // PROTO
            case '(': marks_.push_back(stack_.size()); break;                  // MARK
            case 'N': push(make(None{})); break;                               // NONE
            case '\x88': push(make(true)); break;                              // NEWTRUE
            case '\x89': push(make(false)); break;                             // NEWFALSE
            case 'K': push(make(std::int64_t{take<std::uint8_t>()})); break;   // BININT1
            case 'M': push(make(std::int64_t{take<std::uint16_t>()})); break;  // BININT2
            case 'J': push(make(std::int64_t{take<std::int32_t>()})); break;   // BININT
            case '\x8a': push(make(take_long())); break;                       // LONG1
            case 'X': push(make(take_text(take<std::uint32_t>()))); break;     // BINUNICODE
            case 'c': push(make(take_global())); break;                        // GLOBAL
            case ')': push(make(Tuple{})); break;                              // EMPTY_TUPLE
            case '\x85': push(make_tuple(pop_last(1))); break;                 // TUPLE1
            case '\x86': push(make_tuple(pop_last(2))); break;                 // TUPLE2
            case '\x87': push(make_tuple(pop_last(3))); break;                 // TUPLE3
            case 't': push(make_tuple(pop_to_mark())); break;                  // TUPLE
            case '}': push(make(Dict{})); break;                               // EMPTY_DICT
            case 's': set_items(pop_last(2)); break;                           // SETITEM
            case 'u': set_items(pop_to_mark()); break;                         // SETITEMS
            case 'q': memo_[take<std::uint8_t>()] = top(); break;              // BINPUT
            case 'r': memo_[take<std::uint32_t>()] = top(); break;             // LONG_BINPUT
            case 'h': recall(take<std::uint8_t>()); break;                     // BINGET
            case 'j': recall(take<std::uint32_t>()); break;                    // LONG_BINGET
            case 'Q': push(load_storage(pop())); break;                        // BINPERSID
            case 'b': pop(); break;                                            // BUILD: a state_dict's _metadata
            case 'R': {                                                        // REDUCE
                const Values call_and_arguments = pop_last(2);
                push(call(as<Global>(call_and_arguments[0]).name, as<Tuple>(call_and_arguments[1]).items));
                break;
            }
            default:
                throw Damaged(fmt::format("holds more than a dict of tensors (pickle opcode 0x{:02x})",
                                          static_cast<unsigned char>(opcode)));
        }
    }

    static Value call(const std::string& function, const Values& arguments) {
        if (function == "collections OrderedDict" && arguments.empty()) return make(Dict{});
        if (function == "torch._utils _rebuild_parameter" && !arguments.empty()) return arguments[0];
        if (function == "torch._utils _rebuild_tensor_v2" && arguments.size() >= 4)
            // as_strided checks that the view lies within the storage.
            return make(
                as<torch::Tensor>(arguments[0])
                    .as_strided(integers(arguments[2]), integers(arguments[3]), as<std::int64_t>(arguments[1])));
        throw Damaged(fmt::format("holds more than a dict of tensors (it calls {})", function));
    }

    /// ('storage', torch.FloatStorage, key, location, count) -> a flat tensor over the record data/<key>, read once.
    Value load_storage(const Value& persistent_id) {
        const Values& id = as<Tuple>(persistent_id).items;
        if (id.size() != 5) throw Damaged("has a storage of an unknown form");
        const auto type = storage_type(as<Global>(id[1]).name);
        const auto count = as<std::int64_t>(id[4]);
        Value& loaded = storages_[as<std::string>(id[2])];
        if (loaded) {
            const auto& storage = as<torch::Tensor>(loaded);
            if (storage.scalar_type() != type || storage.numel() != count)
                throw Damaged("has a storage of two types or sizes");
            return loaded;
        }
        const auto [data, size] = archive_.getRecord("data/" + as<std::string>(id[2]));
        if (count < 0 || size / c10::elementSize(type) < static_cast<std::size_t>(count))
            throw Damaged("has a storage that is shorter than it says");
        torch::Tensor storage = torch::empty({count}, type);
        if (count > 0)
            std::memcpy(storage.data_ptr(), data.get(), static_cast<std::size_t>(count) * c10::elementSize(type));
        return loaded = make(storage);
    }

    void set_items(const Values& pairs) {
        if (pairs.size() % 2 != 0) throw Damaged("is damaged: a dict has a key without a value");
        for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
            nest(*top(), *pairs[i]);
            nest(*top(), *pairs[i + 1]);
            as<Dict>(top()).items.emplace_back(pairs[i], pairs[i + 1]);
        }
    }

    void push(Value value) { stack_.push_back(std::move(value)); }
    Value& top() {
        if (stack_.empty()) throw Damaged("is damaged: its pickle takes from an empty stack");
        return stack_.back();
    }
    Value pop() {
        Value value = top();
        stack_.pop_back();
        return value;
    }
    Values pop_last(std::size_t count) {
        if (stack_.size() < count) throw Damaged("is damaged: its pickle takes from an empty stack");
        Values values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
        stack_.resize(stack_.size() - count);
        return values;
    }
    Values pop_to_mark() {
        if (marks_.empty() || marks_.back() > stack_.size()) throw Damaged("is damaged: its pickle lacks a mark");
        const std::size_t mark = marks_.back();
        marks_.pop_back();
        return pop_last(stack_.size() - mark);
    }
    void recall(std::uint32_t key) {
        const auto found = memo_.find(key);
        if (found == memo_.end()) throw Damaged("is damaged: its pickle recalls what it never stored");
        push(found->second);
    }

    std::string take_text(std::size_t size) {
        if (program_.size() - position_ < size) throw Damaged("is truncated");
        position_ += size;
        return program_.substr(position_ - size, size);
    }
    template <class T>
    T take() {
        T value{};
        std::memcpy(&value, take_text(sizeof value).data(), sizeof value);
        return value;
    }
    std::string take_line() {
        const std::size_t end = program_.find('\n', position_);
        if (end == std::string::npos) throw Damaged("is truncated");
        std::string line = take_text(end - position_);
        ++position_;
        return line;
    }
    Global take_global() {
        const std::string module = take_line();
        return {fmt::format("{} {}", module, take_line())};
    }
    std::int64_t take_long() {
        const std::string bytes = take_text(take<std::uint8_t>());
        if (bytes.size() > sizeof(std::int64_t)) throw Damaged("holds an integer of more than 64 bits");
        std::int64_t value = !bytes.empty() && (bytes.back() & '\x80') != 0 ? -1 : 0;
        std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    }

    std::string program_;
    std::size_t position_ = 0;
    caffe2::serialize::PyTorchStreamReader& archive_;
    Values stack_;
    std::vector<std::size_t> marks_;
    std::map<std::uint32_t, Value> memo_;
    std::map<std::string, Value> storages_;  // by key
};

}  // namespace

NamedTensors unpickle_state_dict(const std::filesystem::path& file) {
    const auto fail = [&](std::string_view what) {
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: {}; save a state_dict with torch.save(model.state_dict(), path)",
                                file.native(), what));
    };
    if (!file_exists(file))
        throw Error(ExitCode::usage, fmt::format("{}: error: cannot read: No such file or directory", file.native()));
    NamedTensors tensors;
    try {
        caffe2::serialize::PyTorchStreamReader archive(file.native());
        const auto [data, size] = archive.getRecord("data.pkl");
        Unpickler unpickler({static_cast<const char*>(data.get()), size}, archive);
        const Value root = unpickler.run();
        for (const auto& [key, value] : as<Dict>(root).items)
            tensors.emplace_back(as<std::string>(key), as<torch::Tensor>(value));
    } catch (const Damaged& e) {
        fail(e.what());
    } catch (const c10::Error& e) {
        fail(fmt::format("cannot be read as a file of torch.save ({})", e.what_without_backtrace()));
    } catch (const std::exception& e) {  // LibTorch lets through what std::stoull and allocations throw
        fail(fmt::format("cannot be read as a file of torch.save ({})", e.what()));
    }
    return tensors;
}

}  // namespace labhost
