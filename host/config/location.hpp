// Where a setting was written, and errors that begin with it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "support/error.hpp"

namespace labhost {

/// "experiments/q4.toml:14:3", or the command-line option that set it (line 0).
struct Location {
    std::string file{};
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    std::string text() const;
};

/// A Location that its copies share: the runs of a sweep have the same ones, and there may be a million.
class SharedLocation {
public:
    SharedLocation() = default;
    SharedLocation(Location where) : where_(std::make_shared<const Location>(std::move(where))) {}

    /// The empty Location where none was given.
    const Location& get() const;
    operator const Location&() const { return get(); }
    std::string text() const { return get().text(); }

private:
    std::shared_ptr<const Location> where_{};
};

/// Throws Error (usage): "<location>: error: <message>".
[[noreturn]] void fail_at(const Location& where, const std::string& message);

/// What `work` gives. An Error that it throws gets the place before it, and keeps its exit code: of what is found wrong
/// by those who know of no file, such as a device that is not there.
template <class Work>
auto placing_errors(const Location& where, Work work) {
    try {
        return work();
    } catch (const Error& e) {
        if (where.text().empty()) throw;
        throw Error(e.code(), fmt::format("{}: error: {}", where.text(), e.what()));
    }
}

}  // namespace labhost
