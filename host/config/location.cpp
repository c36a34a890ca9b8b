#include "config/location.hpp"

namespace labhost {

std::string Location::text() const { return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column); }

const Location& SharedLocation::get() const {
    static const Location none{};
    return where_ ? *where_ : none;
}

void fail_at(const Location& where, const std::string& message) {
    throw Error(ExitCode::usage, fmt::format("{}: error: {}", where.text(), message));
}

}  // namespace labhost
