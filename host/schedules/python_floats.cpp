#include "schedules/python_floats.hpp"

#include <cmath>

#include <fmt/format.h>

#include "support/error.hpp"

namespace labhost::schedules {

double quotient(double x, double y, const char* what) {
    if (y == 0.0) throw Error(ExitCode::run_failed, fmt::format("schedule {}: {} / 0, as in torch", what, x));
    return x / y;
}

double power(double x, double y, const char* what) {
    const double result = std::pow(x, y);
    if (std::isfinite(x) && std::isfinite(y) && !std::isfinite(result))
        throw Error(ExitCode::run_failed, fmt::format("schedule {}: {} ** {} is no number, as in torch", what, x, y));
    return result;
}

}  // namespace labhost::schedules
