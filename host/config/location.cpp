#include "config/location.hpp"

#include <fmt/format.h>

#include "support/error.hpp"

namespace labhost {

std::string Location::text() const { return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column); }

void fail_at(const Location& where, const std::string& message) {
    throw Error(ExitCode::usage, fmt::format("{}: error: {}", where.text(), message));
}

}  // namespace labhost
