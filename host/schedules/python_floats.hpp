// Operations of Python's floats that raise where C++'s give infinity or NaN.
#pragma once

namespace labhost::schedules {

/// x / y; throws Error (run failed) for y = 0. `what`: whose, and what, for the message.
double quotient(double x, double y, const char* what);

/// x ** y, which is C's pow; throws Error (run failed) if it overflows, divides by zero or is a complex number.
double power(double x, double y, const char* what);

}  // namespace labhost::schedules
