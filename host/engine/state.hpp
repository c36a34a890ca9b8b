// What a part of a training puts into a checkpoint, and takes from one: values under names of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include "engine/pickle.hpp"

namespace labhost {

/// Takes the values that a part saves. Names are joined by dots: what the part "loader" calls "order" is
/// "loader.order".
class StateWriter {
public:
    explicit StateWriter(NamedTensors& tensors) : tensors_(&tensors) {}

    /// For a part within this one.
    StateWriter under(std::string_view part) const;

    /// A copy on the CPU of the tensor as it is now.
    void tensor(std::string_view name, const torch::Tensor& value);
    void integer(std::string_view name, std::int64_t value) { integers(name, {value}); }
    void real(std::string_view name, double value) { reals(name, {value}); }
    void flag(std::string_view name, bool value) { integer(name, value ? 1 : 0); }
    void integers(std::string_view name, const std::vector<std::int64_t>& values);
    void reals(std::string_view name, const std::vector<double>& values);

private:
    NamedTensors* tensors_;
    std::string prefix_{};
};

/// Gives the values of a checkpoint by their names. All throw Error (usage), naming the file and the value, where there
/// is none of that name or it is of another form. The tensors must outlive it.
class StateReader {
public:
    /// `source`: the file, for errors.
    StateReader(const NamedTensors& tensors, std::string source) : tensors_(&tensors), source_(std::move(source)) {}

    StateReader under(std::string_view part) const;

    bool has(std::string_view name) const { return find(name) != nullptr; }
    torch::Tensor tensor(std::string_view name, torch::ScalarType type) const;
    torch::Tensor tensor(std::string_view name, torch::ScalarType type, torch::IntArrayRef sizes) const;
    std::int64_t integer(std::string_view name) const { return integers(name, 1).front(); }
    double real(std::string_view name) const { return reals(name, 1).front(); }
    bool flag(std::string_view name) const { return integer(name) != 0; }
    /// As many as are there, or as `count` asks for.
    std::vector<std::int64_t> integers(std::string_view name) const;
    std::vector<std::int64_t> integers(std::string_view name, std::int64_t count) const;
    std::vector<double> reals(std::string_view name) const;
    std::vector<double> reals(std::string_view name, std::int64_t count) const;

    /// All that is under this part, by the names that the part gave.
    NamedTensors all() const;

    const std::string& source() const { return source_; }
    /// "FILE: error: 'loader.position' WHAT"
    [[noreturn]] void fail(std::string_view name, std::string_view what) const;

private:
    const torch::Tensor* find(std::string_view name) const;

    const NamedTensors* tensors_;
    std::string source_;
    std::string prefix_{};
};

/// A part of a training that saves and restores itself.
class Stateful {
public:
    virtual ~Stateful() = default;

    /// Puts all that its numbers depend on from now on.
    virtual void save(StateWriter state) const = 0;

    /// Becomes what was saved. Throws Error (usage) if the state lacks something or does not fit; the part is of no
    /// more use then.
    virtual void load(const StateReader& state) = 0;

protected:
    Stateful() = default;
    Stateful(const Stateful&) = default;
    Stateful& operator=(const Stateful&) = default;
    Stateful(Stateful&&) = default;
    Stateful& operator=(Stateful&&) = default;
};

}  // namespace labhost
